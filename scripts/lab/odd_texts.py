"""Texts that tokenizers and offset arithmetic get wrong, and ordinary ones: the inputs of the shared test
cases.
"""

from __future__ import annotations

import random
import unicodedata

from scripts.lab.smoke_corpus import generated_sentences

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
FLAG = "\U0001f1ec\U0001f1e7"

HANDMADE = [
    "",
    " ",
    "   \t\n\r\n ",
    "Angela Merkel visited the BBC in London.",
    "EU rejects German call to boycott British lamb .",
    "U.S. President Barack Obama flew to N.Y.C. on Air Force One",
    "U.N. official Ekeus heads for Baghdad .",
    "McDonald's opened in O'Hare; iPhone4 sold at eBay-store.",
    "e.g. AT&T, R&D, C++ and C# cost $3.50 (50%)",
    "1996-08-22 12:30:45 +00:00",
    "don't can't we'll I'm o'clock 'tis rock'n'roll",
    "e-mail: jane.doe@example.com, http://example.com/a?b=c#d_e~f",
    "snake_case and camelCase and PascalCase and SCREAMING_CASE",
    "A",
    "a",
    "AB",
    "aB",
    "A1",
    "\u01c5ungla and \u01c4UNGLA",
    "\u0660\u0661\u0662 and \u00b2\u00b3 and \u2167 and \u00bd",
    "caf\u00e9 na\u00efve \u00c5ngstr\u00f6m S\u00e3o Paulo",
    "cafe\u0301 nai\u0308ve A\u030angstro\u0308m Sa\u0303o Paulo",
    "Mu\u0308nchen\u0301",
    "a\u0301\u0302\u0303\u0304\u0305b",
    "\u0301leading mark",
    "trailing mark \u0301",
    "\u0301",
    "Merkel\u0301 spoke.",
    "Z\u0351\u036b\u0343\u0348a\u0328l\u0321g\u0322o\u0489 text",
    "stra\u00dfe STRASSE \u1e9e",
    "\u0130stanbul and \u0131rmak and I\u0307",
    "\u039f\u0394\u03a5\u03a3\u03a3\u0395\u03a5\u03a3 went to \u0391\u03b8\u03ae\u03bd\u03b1",
    "\ufb01nance and \ufb02oor \ufb03",
    "\uff26\uff55\uff4c\uff4c \uff37\uff49\uff44\uff54\uff48 \uff11\uff12",
    "Москва и Санкт-Петербург",
    "Владимир Путин met Emmanuel Macron",
    "\u0439 \u0438\u0306 \u0451 \u0435\u0308",
    "东京 is Tokyo",
    "我在北京大学学习。",
    "日本語とEnglishを混ぜる",
    "東京タワーはTokyoにある",
    "서울특별시에서 만난 김철수",
    "\u1112\u1161\u11ab\u1100\u1173\u11af",
    "中Merkel文",
    "\U00020000\U00020001 rare ideographs",
    "\u3400\u4dbf\uf900",
    "بنيامين نتنياهو زار القاهرة",
    "\u200fبيروت\u200e London",
    "שלום ירושלים",
    "עִבְרִית",
    "हिन्दी में नरेंद्र मोदी",
    "ไทย กรุงเทพ",
    "தமிழ் நாடு",
    "\U0001f600",
    "\U0001f600Angela\U0001f600Merkel\U0001f600",
    f"{FAMILY} met {FLAG} in Paris",
    "I \u2764\ufe0f NY",
    "thumbs\U0001f44d\U0001f3fd up",
    "\U0001f1fa\U0001f1f8 beats \U0001f1e9\U0001f1ea 3-1",
    "keycap 1\ufe0f\u20e3 and #\ufe0f\u20e3",
    "\U0001d400\U0001d401\U0001d402 math letters",
    "\U00010400\U00010428 Deseret",
    "zero\u200bwidth\u200cjoin\u200der\ufeffbom",
    "soft\u00adhyphen",
    "no\u00a0break\u2007space\u202fthin\u3000ideographic",
    "line\u2028separator\u2029paragraph",
    "NUL\x00inside and \x00 alone",
    "control \x01\x02\x1f\x7f\x80\x9f chars",
    "tab\tnew\nline\r\ncarriage\rreturn\x0bvertical\x0cfeed\x85next",
    "replacement \ufffd char",
    "\ufffd",
    "private \ue000 use \U000f0000",
    "unassigned \u0378 \U000e0fff",
    "noncharacter \ufffe \uffff",
    "tag \U000e0001\U000e0041",
    "quotes \u201cThe Times\u201d \u2018it\u2019 \u00abLe Monde\u00bb \u201eDie Zeit\u201f",
    "dashes - \u2010 \u2011 \u2012 \u2013 \u2014 \u2015 \u2212",
    "ellipsis\u2026 bullet\u2022 middle\u00b7dot",
    "money \u20ac5 \u00a35 \u00a55 \u20bf5 \u00a25",
    "signs \u00a9 \u00ae \u2122 \u00b0C \u00b5m \u00a7 \u00b6 \u2020",
    "math 2\u00d73\u00f74\u00b15 \u2264 \u2260 \u221e \u2211",
    "ASCII !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    "!!!???...,,,;;;",
    "((nested (brackets) [here]))",
    "[CLS] Angela [SEP] Merkel [MASK] [PAD] [UNK]",
    "[cls] [Sep] [ MASK ]",
    "##ing ##Merkel #hash",
    "a" * 99,
    "a" * 100,
    "a" * 101,
    "Z" * 200 + " end",
    "London" * 30,
    "x" + "\u0301" * 120,
    "1" * 120,
    "unaffable unbelievably antidisestablishmentarianism",
    "Ouagadougou Llanfairpwllgwyngyll Szczebrzeszyn",
    "Xqzwvk Jjjkqx Wqrtz",
    "GmbH & Co. KG, S.p.A., Ltd., Inc.",
    "Dr. J. R. R. Tolkien, C. S. Lewis",
    "van der Bellen, de Gaulle, bin Salman, O'Neill, D'Angelo",
    "Real Madrid 2 Barcelona 1",
    "SOCCER - JAPAN GET LUCKY WIN , CHINA IN SURPRISE DEFEAT .",
    "LONDON 1996-12-06",
    "1. Michael Schumacher ( Germany ) Ferrari 1:32:14.792",
    "angela merkel visited the bbc in london.",
    "ANGELA MERKEL VISITED THE BBC IN LONDON.",
    "  leading and trailing  spaces  ",
    "double  space   triple",
    "Angela\nMerkel",
    "Angela\u00a0Merkel",
    "Angela-Merkel-Stra\u00dfe",
    "Merkel\u2019s visit",
    "(Merkel)",
    "Merkel,London;Paris",
    "\u00bfQui\u00e9n? \u00a1Ol\u00e9!",
    "\u00c9mile Zola and \u00c6thelred and \u00d8rsted and \u0141\u00f3d\u017a",
    "\u01c6 \u01c5 \u1f88 \u1fbc",
    "\u2160\u2161 \u24b6\u24d0",
    "\u02b0 \u02c8 \u1d2c modifiers",
    "\u0345 \u0483 \u20dd enclosing A\u20dd",
    "\u0903 \u093e spacing marks \u0915\u093e",
    "\u1e69 s\u0323\u0307 s\u0307\u0323",
    "\u212b \u2126 \u212a kelvin",
    "\u0149 \u01f0 \u0390",
]

# Blocks that random texts are drawn from: (first, last, how often).
BLOCKS = [
    (0x20, 0x7E, 30),
    (0xA0, 0x17F, 10),
    (0x300, 0x36F, 6),
    (0x370, 0x52F, 6),
    (0x590, 0x6FF, 4),
    (0x900, 0x97F, 3),
    (0x1E00, 0x1FFF, 4),
    (0x2000, 0x206F, 4),
    (0x20A0, 0x22FF, 3),
    (0x3000, 0x30FF, 3),
    (0x4E00, 0x9FFF, 4),
    (0xAC00, 0xD7A3, 2),
    (0xF900, 0xFAFF, 1),
    (0xFF00, 0xFFEF, 2),
    (0x1F300, 0x1F6FF, 4),
    (0x20000, 0x20FFF, 1),
    (0x0, 0x1F, 2),
]


def random_texts(count: int, rng: random.Random) -> list[str]:
    texts = []
    for _ in range(count):
        characters = []
        for _ in range(rng.randint(1, 40)):
            first, last, _ = rng.choices(BLOCKS, [block[2] for block in BLOCKS])[0]
            characters.append(" " if rng.random() < 0.12 else chr(rng.randint(first, last)))
        texts.append("".join(characters))
    return texts


def all_texts(seed: int) -> list[str]:
    """About 300 texts without repeats, the same ones for the same seed."""
    rng = random.Random(seed)
    accented = [unicodedata.normalize("NFD", text) for text in HANDMADE if not text.isascii()]
    found = [*HANDMADE, *accented, *generated_sentences(20, rng), *random_texts(120, rng)]
    return list(dict.fromkeys(found))
