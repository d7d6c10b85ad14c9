/** Sentences for models that come without any: what a model answers to them is how it is known again. */

import english from './english-sentences.json' with { type: 'json' };

interface Language {
  /** P is a person, L a place, O an organisation. */
  readonly patterns: readonly string[];
  readonly persons: readonly string[];
  readonly places: readonly string[];
  readonly organisations: readonly string[];
}

/** A pattern is filled so many times. */
const ROUNDS = 10;
/** Of the English ones, which are for English models, every third: as many as two other languages have patterns for. */
const EVERY = 3;

const LANGUAGES: readonly Language[] = [
  {
    patterns: ['P arbeitet seit Mai bei O in L.', 'Am Dienstag reiste P mit dem Zug nach L.'],
    persons: ['Jürgen Weiß', 'Anna Schäfer', 'Frau Yılmaz', 'Otto Brandt', 'Lena'],
    places: ['München', 'Österreich', 'Köln', 'Bad Ems'],
    organisations: ['der Deutschen Bahn', 'Müller & Söhne', 'der TU Dresden'],
  },
  {
    patterns: ["P a quitté O pour s'installer à L.", 'À L, O a ouvert un bureau, selon P.'],
    persons: ['Hélène Dubois', 'François Noël', 'Karim Benali', 'Mme Roux', 'Luc'],
    places: ['Marseille', 'Genève', 'Saint-Étienne', 'Québec'],
    organisations: ['la Banque du Nord', 'Air Azur', "l'université de Lille"],
  },
  {
    patterns: ['P viajó a L para reunirse con O.', 'La sede de O está en L, dijo P.'],
    persons: ['José Muñoz', 'Lucía Ibáñez', 'Carlos Peña', 'Rosa', 'Inés Vidal'],
    places: ['Madrid', 'Perú', 'La Habana', 'Córdoba'],
    organisations: ['Banco del Sur', 'la Cruz Roja', 'Telesol'],
  },
  {
    patterns: ['P mora em L e trabalha na O.', 'A O de L contratou P ontem.'],
    persons: ['João Gonçalves', 'Márcia Lima', 'Tiago', 'Ana Brandão', 'Dona Inês'],
    places: ['Lisboa', 'Brasília', 'Porto', 'Moçambique'],
    organisations: ['Petromar', 'Universidade de Évora', 'Rádio Tejo'],
  },
  {
    patterns: ['P woont in L en werkt bij O.', 'Volgens P sluit O de fabriek in L.'],
    persons: ['Jan de Vries', 'Sanne Bakker', 'Youssef', 'Els van Dijk', 'Piet'],
    places: ['Utrecht', "'s-Hertogenbosch", 'België', 'Delft'],
    organisations: ['de Rabank', 'Philemon NV', 'de gemeente'],
  },
  {
    patterns: ['P живёт в городе L и работает в O.', 'Вчера P прилетел в L по приглашению O.'],
    persons: ['Анна Павлова', 'Иван Серов', 'Ольга Ким', 'Пётр', 'Юлия Жук'],
    places: ['Москва', 'Казань', 'Нью-Йорк', 'Якутск'],
    organisations: ['Роснефтегаз', 'МГУ', 'банк «Север»'],
  },
  {
    patterns: ['زار P مقر O في L أمس.', 'تعمل P في O منذ عام 2015.'],
    persons: ['ليلى حداد', 'عمر الخطيب', 'سامي', 'نور الدين', 'فاطمة علي'],
    places: ['القاهرة', 'الرباط', 'دمشق', 'بغداد'],
    organisations: ['شركة النور', 'جامعة الخرطوم', 'بنك الشرق'],
  },
  {
    patterns: ['P ने L में O के दफ़्तर का दौरा किया।', 'O ने कहा कि P अब L में रहेंगी।'],
    persons: ['मीरा शर्मा', 'राहुल वर्मा', 'अनिल', 'सीता देवी', 'कबीर ख़ान'],
    places: ['दिल्ली', 'लखनऊ', 'नेपाल', 'मुंबई'],
    organisations: ['भारत बैंक', 'गंगा विश्वविद्यालय', 'रेलवे'],
  },
  {
    patterns: ['P昨天在L访问了O。', 'O宣布P将搬到L。'],
    persons: ['王芳', '李建国', '张伟', '陈晓明', '玛丽'],
    places: ['上海', '北京', '新西兰', '成都'],
    organisations: ['东方银行', '南京大学', '红十字会'],
  },
  {
    patterns: ['PさんはLにあるOで働いています。', 'OはLの工場を閉めるとPが話した。'],
    persons: ['田中花子', '佐藤', '山本一郎', 'マリア', '鈴木'],
    places: ['東京', '大阪', 'ロンドン', '北海道'],
    organisations: ['さくら銀行', '京都大学', 'ヤマト電機'],
  },
  {
    patterns: ['P 씨는 L에 있는 O에서 일한다.', 'P는 어제 L로 떠났다고 O가 밝혔다.'],
    persons: ['김민수', '이영희', '박지훈', '마리아', '최수진'],
    places: ['서울', '부산', '런던', '제주도'],
    organisations: ['한빛은행', '서울대학교', '대한항운'],
  },
];

/** Over 300 short sentences in twelve languages, each a different one, with over 600 names in them. */
export function referenceSentences(): string[] {
  const filled = LANGUAGES.flatMap(({ patterns, persons, places, organisations }) =>
    patterns.flatMap((pattern, at) =>
      Array.from({ length: ROUNDS }, (_, round) => {
        const names: Readonly<Record<string, readonly string[]>> = {
          P: persons,
          L: places,
          O: organisations,
        };
        return pattern.replaceAll(/(?<![A-Za-zÀ-ž])[PLO](?![A-Za-zÀ-ž'])/g, (slot) => {
          const list = names[slot]!;
          return list[(round + at) % list.length]!;
        });
      }),
    ),
  );
  return [...new Set([...english.filter((_, at) => at % EVERY === 0), ...filled])];
}
