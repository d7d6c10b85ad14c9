import { gapsOf } from '../arrivals/gamma.js';
import { seededRandom, type Random } from '../random.js';

const seconds = 300;

/** The traces of this folder, by file name: requests of each second. The same on every machine. */
export function generateTraces(): Record<string, number[]> {
  return { 'diurnal.csv': diurnal(seededRandom(11)), 'bursty.csv': bursty(seededRandom(12)) };
}

/** The content of a trace file. */
export function formatTrace(requests: readonly number[]): string {
  const lines = requests.map((count, second) => `${second},${count}\n`);
  return `second,requests\n${lines.join('')}`;
}

/**
 * A day in five minutes: little at night, most in the evening, and at every full hour (12.5 s) the jobs that are set to it,
 * which are gone after two to three seconds.
 */
function diurnal(random: Random): number[] {
  const secondsPerHour = seconds / 24;
  return Array.from({ length: seconds }, (_, second) => {
    const hour = second / secondsPerHour;
    const morning = bump(hour, { at: 10, width: 2.5 });
    const evening = bump(hour, { at: 20, width: 2 });
    const people = 40 + 150 * morning + 300 * evening;
    const jobs = 0.6 * people * Math.exp(-(second % secondsPerHour));
    return poisson(people + jobs, random);
  });
}

/** A bell of height 1 in a day that begins anew after 24 hours. */
function bump(hour: number, { at, width }: { at: number; width: number }): number {
  const away = Math.abs(hour - at);
  return Math.exp(-0.5 * (Math.min(away, 24 - away) / width) ** 2);
}

/** Quiet and busy by turns, without a slope in between: 15 and 110 requests/s, for 40 and 20 s on average. */
function bursty(random: Random): number[] {
  const requests: number[] = [];
  for (let isBusy = false; requests.length < seconds; isBusy = !isBusy) {
    const mean = isBusy ? 20 : 40;
    const lasts = Math.ceil(mean * (0.5 + random()));
    for (let second = 0; second < lasts; second++)
      requests.push(poisson(isBusy ? 110 : 15, random));
  }
  return requests.slice(0, seconds);
}

/** The number of Poisson arrivals where so many are expected. */
function poisson(expected: number, random: Random): number {
  const nextGap = gapsOf(1, random);
  let count = 0;
  for (let at = nextGap(); at <= expected; at += nextGap()) count++;
  return count;
}
