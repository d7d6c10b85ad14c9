/** Invented firms: none of them is meant to be a real one. */
export const companies: readonly string[] = [
  ...[
    'Norvik Telecom',
    'Halden Steel',
    'Bergmann AG',
    'Castellan Group',
    'Meridian Airways',
    'Tarrant Corp',
  ],
  ...[
    'Orvane Pharmaceuticals',
    'Lakeshore Bancorp',
    'Duval et Fils SA',
    'Kestrel Oil',
    'Pacific Crest Inc',
  ],
  ...[
    'Hoshino Electric',
    'Sakura Motor Co',
    'Grupo Altamira',
    'Banco del Sur',
    'Fabbrica Rossetti SpA',
  ],
  ...[
    'Whitmore Insurance',
    'Ostrava Chemical Works',
    'Caledon Brewers Plc',
    'Rheinland Bank AG',
    'Tellmark Inc',
  ],
  ...[
    'Arcadia Software',
    'Quillon Systems',
    'Northgate Securities',
    'Delacroix Securities',
    'Varga Holdings',
  ],
  ...[
    'Golden Lotus Shipping',
    'Transbaltic Lines',
    'Imperial Copper Ltd',
    'Savanna Breweries',
    'Nordbank',
  ],
  ...[
    'Petrolux',
    'Silvertree Resources',
    'Ashgrove Mining',
    'Bluewater Foods Inc',
    'Fenwick Brothers',
  ],
];

/** Bodies that are named with an article. */
export const agencies: readonly string[] = [
  ...['United Nations', 'European Union', 'European Commission', 'World Bank', 'Red Cross'],
  ...['International Monetary Fund', 'World Health Organisation', 'U.N. Security Council'],
  ...[
    'World Trade Organisation',
    'Council of Europe',
    'Arab League',
    'International Olympic Committee',
  ],
];

/** Bodies that are named without one. */
export const groups: readonly string[] = [
  ...[
    'NATO',
    'OPEC',
    'UNICEF',
    'Interpol',
    'Amnesty International',
    'Greenpeace',
    'Human Rights Watch',
  ],
];

export const newsSources: readonly string[] = [
  ...[
    'Reuters',
    'BBC',
    'Itar-Tass',
    'Xinhua',
    'Kyodo',
    'Evening Courier',
    'Morning Herald',
    'Daily Post',
  ],
  ...['Interfax', 'Le Monde', 'Der Spiegel', 'CNN', 'Radio Nacional', 'Financial Chronicle'],
];

export const bodies: readonly string[] = [
  ...[
    'Foreign Ministry',
    'Interior Ministry',
    'Finance Ministry',
    'Defence Ministry',
    'Supreme Court',
  ],
  ...['Constitutional Court', 'Health Ministry', 'Central Bank', 'Senate', 'Agriculture Ministry'],
];

export const parties: readonly string[] = [
  ...[
    'Labour Party',
    'Social Democratic Party',
    'Liberal Democrats',
    'Christian Democrats',
    'Green Party',
  ],
  ...[
    'National Congress',
    'Socialist Party',
    'Conservative Party',
    'Communist Party',
    'Centre Party',
  ],
];

export const universities: readonly string[] = [
  ...['Harvard University', 'Oxford University', 'University of Leeds', 'Uppsala University'],
  ...['University of Toronto', 'Kyoto University', 'University of Cape Town', 'Imperial College'],
  ...[
    'Institute for Strategic Studies',
    'Institute of Tropical Medicine',
    'Technical University of Graz',
  ],
];

export const clubs: readonly string[] = [
  ...[
    'Ajax',
    'Feyenoord',
    'Juventus',
    'Real Madrid',
    'Arsenal',
    'Liverpool',
    'Everton',
    'Bayern Munich',
  ],
  ...[
    'Borussia Dortmund',
    'Werder Bremen',
    'Sporting Lisbon',
    'Benfica',
    'Celtic',
    'Rangers',
    'Newcastle',
  ],
  ...[
    'Aston Villa',
    'Lazio',
    'Sampdoria',
    'Atletico Madrid',
    'Red Star Belgrade',
    'Spartak Moscow',
  ],
  ...[
    'Galatasaray',
    'River Plate',
    'Boca Juniors',
    'Leeds United',
    'Nottingham Forest',
    'Anderlecht',
  ],
];

export const americanTeams: readonly string[] = [
  ...['Chicago Bulls', 'New York Knicks', 'Boston Celtics', 'Detroit Pistons', 'Utah Jazz'],
  ...[
    'Dallas Mavericks',
    'Toronto Raptors',
    'Los Angeles Lakers',
    'Atlanta Hawks',
    'Orlando Magic',
  ],
];

export const events: readonly string[] = [
  ...[
    'World Cup',
    'Champions League',
    'Davis Cup',
    'Olympic Games',
    'U.S. Open',
    'Australian Open',
  ],
  ...[
    'Wimbledon',
    'Tour de France',
    'UEFA Cup',
    'World Series',
    'European Championship',
    'Super Bowl',
  ],
];

export const tennisEvents: readonly string[] = [
  ...[
    'U.S. Open',
    'Australian Open',
    'French Open',
    'Italian Open',
    'Swedish Open',
    'Canadian Open',
  ],
];

export const prizes: readonly string[] = [
  ...['Nobel Peace Prize', 'Booker Prize', 'Pulitzer Prize', 'Nobel Prize', 'Academy Award'],
];

export const works: readonly string[] = [
  ...[
    'The Quiet Harbour',
    'The Salt Merchants',
    'The Glass Orchard',
    'A Winter in Lisbon',
    'Harvest of Stones',
  ],
  ...[
    'The Last Ferry',
    'Letters from Odessa',
    'Paper Kingdoms',
    'The Tin Whistle',
    'Midnight on the Quay',
  ],
];

export const faiths: readonly string[] = [
  ...['Catholic', 'Moslem', 'Jewish', 'Orthodox', 'Protestant', 'Christian', 'Buddhist', 'Islamic'],
];

/** What a country joins or leaves. */
export const alliances: readonly string[] = ['NATO', 'OPEC', 'EU'];

export const cycleRaces: readonly string[] = ['Tour de France', "Giro d'Italia", 'Tour of Spain'];
