/** A country with the words that belong to it, so that one pattern can speak of one place. */
export interface Place {
  country: string;
  adjective: string;
  cities: readonly string[];
}

export const places: readonly Place[] = [
  {
    country: 'Germany',
    adjective: 'German',
    cities: ['Berlin', 'Hamburg', 'Munich', 'Frankfurt', 'Cologne'],
  },
  { country: 'France', adjective: 'French', cities: ['Paris', 'Lyon', 'Marseille', 'Strasbourg'] },
  {
    country: 'Britain',
    adjective: 'British',
    cities: ['London', 'Manchester', 'Birmingham', 'Leeds'],
  },
  { country: 'Spain', adjective: 'Spanish', cities: ['Madrid', 'Seville', 'Barcelona', 'Bilbao'] },
  { country: 'Italy', adjective: 'Italian', cities: ['Rome', 'Milan', 'Turin', 'Naples'] },
  { country: 'Sweden', adjective: 'Swedish', cities: ['Stockholm', 'Gothenburg', 'Malmö'] },
  { country: 'Norway', adjective: 'Norwegian', cities: ['Oslo', 'Bergen', 'Tromsø'] },
  { country: 'Poland', adjective: 'Polish', cities: ['Warsaw', 'Krakow', 'Gdansk'] },
  { country: 'Hungary', adjective: 'Hungarian', cities: ['Budapest', 'Debrecen'] },
  { country: 'Romania', adjective: 'Romanian', cities: ['Bucharest', 'Cluj'] },
  { country: 'Greece', adjective: 'Greek', cities: ['Athens', 'Salonika'] },
  { country: 'Portugal', adjective: 'Portuguese', cities: ['Lisbon', 'Porto'] },
  { country: 'Switzerland', adjective: 'Swiss', cities: ['Geneva', 'Zurich', 'Basle', 'Berne'] },
  { country: 'Austria', adjective: 'Austrian', cities: ['Vienna', 'Salzburg', 'Graz'] },
  { country: 'Russia', adjective: 'Russian', cities: ['Moscow', 'St Petersburg', 'Vladivostok'] },
  { country: 'Ukraine', adjective: 'Ukrainian', cities: ['Kiev', 'Odessa', 'Lviv'] },
  { country: 'Turkey', adjective: 'Turkish', cities: ['Ankara', 'Istanbul', 'Izmir'] },
  { country: 'Egypt', adjective: 'Egyptian', cities: ['Cairo', 'Alexandria'] },
  { country: 'Israel', adjective: 'Israeli', cities: ['Jerusalem', 'Tel Aviv', 'Haifa'] },
  { country: 'Iran', adjective: 'Iranian', cities: ['Tehran', 'Isfahan'] },
  { country: 'India', adjective: 'Indian', cities: ['New Delhi', 'Bombay', 'Calcutta', 'Madras'] },
  { country: 'Pakistan', adjective: 'Pakistani', cities: ['Karachi', 'Lahore', 'Islamabad'] },
  { country: 'China', adjective: 'Chinese', cities: ['Beijing', 'Shanghai', 'Guangzhou'] },
  { country: 'Japan', adjective: 'Japanese', cities: ['Tokyo', 'Osaka', 'Nagoya'] },
  { country: 'South Korea', adjective: 'South Korean', cities: ['Seoul', 'Pusan'] },
  { country: 'Indonesia', adjective: 'Indonesian', cities: ['Jakarta', 'Surabaya'] },
  {
    country: 'Australia',
    adjective: 'Australian',
    cities: ['Sydney', 'Melbourne', 'Perth', 'Brisbane'],
  },
  {
    country: 'Canada',
    adjective: 'Canadian',
    cities: ['Ottawa', 'Toronto', 'Montreal', 'Vancouver'],
  },
  { country: 'Mexico', adjective: 'Mexican', cities: ['Mexico City', 'Monterrey', 'Guadalajara'] },
  {
    country: 'Brazil',
    adjective: 'Brazilian',
    cities: ['Brasilia', 'São Paulo', 'Rio de Janeiro'],
  },
  { country: 'Argentina', adjective: 'Argentine', cities: ['Buenos Aires', 'Córdoba', 'Rosario'] },
  { country: 'Colombia', adjective: 'Colombian', cities: ['Bogotá', 'Medellín', 'Cali'] },
  { country: 'Kenya', adjective: 'Kenyan', cities: ['Nairobi', 'Mombasa'] },
  { country: 'Nigeria', adjective: 'Nigerian', cities: ['Lagos', 'Abuja', 'Kano'] },
  {
    country: 'South Africa',
    adjective: 'South African',
    cities: ['Johannesburg', 'Cape Town', 'Durban'],
  },
  { country: 'Zambia', adjective: 'Zambian', cities: ['Lusaka', 'Kitwe'] },
  { country: 'Belgium', adjective: 'Belgian', cities: ['Brussels', 'Antwerp', 'Ghent'] },
];

export const regions: readonly string[] = [
  ...[
    'Bavaria',
    'Catalonia',
    'Siberia',
    'Scotland',
    'Wales',
    'California',
    'Texas',
    'Florida',
    'Ontario',
  ],
  ...[
    'Queensland',
    'Punjab',
    'Kashmir',
    'Sicily',
    'Corsica',
    'Brittany',
    'Lapland',
    'Chechnya',
    'Tuscany',
  ],
  ...['Europe', 'Asia', 'Africa', 'Latin America', 'Scandinavia'],
];

export const rivers: readonly string[] = [
  ...[
    'Danube',
    'Rhine',
    'Nile',
    'Amazon',
    'Volga',
    'Mississippi',
    'Elbe',
    'Ganges',
    'Loire',
    'Thames',
  ],
];

export const seas: readonly string[] = [
  ...['North Sea', 'Black Sea', 'Mediterranean', 'Caribbean', 'Atlantic', 'Bay of Biscay'],
  ...['Caspian Sea', 'Red Sea', 'Indian Ocean', 'Baltic Sea'],
];
