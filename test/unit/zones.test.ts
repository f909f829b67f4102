// Names of time zones, and their midnights.
import { describe, expect, test } from 'vitest';
import { checkZone, midnights } from '../../src/golang/zones.ts';

describe('checkZone', () => {
  test.each([
    '',
    'UTC',
    'Europe/Berlin',
    'US/Pacific',
    'EST5EDT',
    'Etc/GMT-14',
    'Etc/GMT+12',
    'America/Argentina/Ushuaia',
  ])('knows %j', (name) => expect(checkZone(name)).toBeUndefined());

  test.each([
    'europe/berlin',
    'Europe/BERLIN',
    'Nope/Zone',
    'Etc/GMT-15',
    'Etc/GMT+13',
    '+01:00',
    'Local',
    'utc',
    'Utc',
  ])('does not know %j', (name) => expect(checkZone(name)).toEqual({ error: `unknown time zone ${name}` }));

  test.each(['../etc/passwd', '/etc/passwd', 'a\\b', 'Europe/../Berlin'])('takes %j for no name', (name) =>
    expect(checkZone(name)).toEqual({ error: 'time: invalid location name' }),
  );
});

describe('midnights', () => {
  const at = (zone: string, now: string, count: number) =>
    midnights(zone, Date.parse(now), count).map((ms) => new Date(ms).toISOString());

  test('end with today, oldest first', () => {
    expect(at('', '2026-03-02T10:00:00Z', 3)).toEqual([
      '2026-02-28T00:00:00.000Z',
      '2026-03-01T00:00:00.000Z',
      '2026-03-02T00:00:00.000Z',
    ]);
  });

  test('end with tomorrow in the last hour of the day', () => {
    expect(at('', '2026-03-02T22:59:59.999Z', 1)).toEqual(['2026-03-02T00:00:00.000Z']);
    expect(at('', '2026-03-02T23:00:00Z', 1)).toEqual(['2026-03-03T00:00:00.000Z']);
  });

  test('are those of the zone, on both sides of a change of its clocks', () => {
    expect(at('Europe/Berlin', '2026-03-30T10:00:00Z', 3)).toEqual([
      '2026-03-27T23:00:00.000Z',
      '2026-03-28T23:00:00.000Z',
      '2026-03-29T22:00:00.000Z',
    ]);
    expect(at('Etc/GMT-2', '2026-03-02T10:00:00Z', 1)).toEqual(['2026-03-01T22:00:00.000Z']);
  });
});
