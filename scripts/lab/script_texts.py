"""Texts in many scripts, made of words that were written down for this purpose: what tokenizers stumble over."""

from __future__ import annotations

import random


def words(line: str) -> list[str]:
    return line.split()


LATIN = words(
    "anna river bank of the in lives near Oslo Berlin team won against visited new office with her "
    "report market price signed York Street company group house north said before Karim Lopez Müller "
    "Ångström São Łódź naïve façade Straße ŒUVRE İzmir ﬁne ｆｕｌｌ ½ Ⅷ x² don't U.S. e-mail O'Neil"
)
GREEK = words("Η Αθήνα είναι μεγάλη πόλη και ο Γιώργος μένει εκεί ΟΔΟΣ σοφός")
CYRILLIC = words("Анна живёт в Москве рядом с рекой Її йод Київ ЮНЕСКО дом и сад")
ARABIC = words("تعيش ليلى في القاهرة قرب النهر مَدْرَسَةٌ الشَّمْس لا إله ١٢٣ گربه")
HEBREW = words("דנה גרה בחיפה ליד הים שָׁלוֹם ספר־עץ")
HINDI = words("मीरा दिल्ली में नदी के पास रहती है क्षेत्र हिन्दी श्री १२")
TAMIL = words("கமலா சென்னையில் வசிக்கிறாள் ஆறு")
THAI = ["มานีอยู่ที่เชียงใหม่", "น้ำ", "กรุงเทพ", "ใกล้แม่น้ำ", "๒๕"]
CHINESE = ["王芳住在上海", "附近有河", "公司", "北京大学", "𠮷野家", "，", "。"]
JAPANESE = ["花子は京都に住む", "カタカナ", "ｶﾀｶﾅ", "東京タワー", "がぎぐ", "。"]
KOREAN = ["민수는 서울에 산다", "강", "\u1112\u1161\u11ab\u1100\u1173\u11af", "대학교"]
OTHER = ["ქართული", "Հայերեն", "አማርኛ", "ខ្មែរ", "မြန်မာ", "བོད", "ᏣᎳᎩ", "𐍈𐍃", "𝐁𝐨𝐥𝐝", "ǅ"]
EMOJI = ["😀", "👩‍👩‍👧‍👦", "🇫🇷🇯🇵", "👍🏽", "❤️", "🏳️‍🌈", "✈", "☺︎", "1️⃣", "🦄🦄"]
MARKS = [
    "cafe\u0301",
    "n\u0303",
    "a\u0300\u0301\u0302\u0303b",
    "Z\u0335\u0351a",
    "\u0301",
    "I\u0307",
    "q\u0323\u0307",
]
NUMBERS = ["42", "3.14", "1,000,000", "-7", "1e-9", "0x1F", "٣٫٥", "№5", "50%", "2026-11-25", "12:30"]
CODE = [
    "for(i=0;i<n;++i){a[i]+=b;}",
    "x = foo(bar, *args)",
    "SELECT * FROM t WHERE a>=1;",
    "<div class='x'>",
    "snake_case_name",
    "camelCaseName",
    "https://a.example/p?q=1&r=%20",
    "me@host.example",
    "C:\\dir\\file",
    "#tag @you",
    "a->b::c",
]
SPECIAL = [
    "[SEP]",
    "[CLS]x",
    "<s>",
    "</s>",
    "<mask>",
    "a<mask> b",
    "[UNK]",
    "<unk>",
    "▁a",
    "Ġb",
    "##c",
    "[ MASK ]",
]
SPACES = [
    " ",
    "  ",
    "\t",
    "\n",
    "\r\n",
    "\u00a0",
    "\u3000",
    "\u200b",
    "\u200d",
    "\u00ad",
    "\ufeff",
    "\u2028",
    "\x07",
]
ODD = [
    "\ufffd",
    "\ue000",
    "\U0010ffff",
    "\u0378",
    "…",
    "“q”",
    "—",
    "·",
    "¿",
    "〈",
    "™",
    "⁇",
    "\u202e",
    "ﷺ",
    "㎏",
    "①",
]
KINDS = (
    [LATIN] * 6
    + [GREEK, CYRILLIC, ARABIC, HEBREW, HINDI, TAMIL, THAI, CHINESE, JAPANESE, KOREAN]
    + [OTHER, EMOJI, MARKS, NUMBERS, CODE, SPECIAL, ODD]
)
EDGES = [
    "",
    *SPACES,
    *EMOJI,
    *MARKS,
    *SPECIAL,
    ".",
    "...",
    "a",
    " a",
    "a ",
    "  a  b  ",
    "\n\na\n",
    "!?",
    "a" * 99,
    "b" * 101,
    "Ab" * 60,
    "é" * 70,
    "漢" * 60,
    "ก" * 60,
    "9" * 80,
    "-" * 50,
    "😀" * 40,
    " " * 40,
    "a" + "\u0301" * 30,
]


def script_texts(count: int, seed: int, longest: int = 80) -> list[str]:
    """`count` different texts, at most `longest` characters but for some edges."""
    rng = random.Random(seed)
    texts = dict.fromkeys(EDGES)
    while len(texts) < count:
        kinds = rng.choices(KINDS, k=rng.choice([1, 1, 2, 3]))
        words = [rng.choice(rng.choice(kinds)) for _ in range(rng.randint(1, 12))]
        text = words[0]
        for word in words[1:]:
            gap = rng.random()
            text += (
                " " if gap < 0.8 else rng.choice(SPACES) if gap < 0.9 else rng.choice(["", ",", ", ", "-"])
            ) + word
        if rng.random() < 0.2:
            text = rng.choice(SPACES) + text
        if rng.random() < 0.4:
            text += rng.choice([".", "!", " ", "。", "\n"])
        texts[text[:longest]] = None
    return list(texts)[:count]
