// What pages load from this server, by path; links carry a hash so that browsers may keep a file as long as it is the same.
import { createHash } from 'node:crypto';
import { copyScript, deviceScript } from './scripts.ts';
import { style } from './style.ts';

export interface Asset {
  readonly type: string;
  readonly text: string;
  readonly hash: string;
}

const asset = (type: string, text: string): Asset => ({
  type,
  text,
  hash: createHash('sha256').update(text).digest('hex').slice(0, 12),
});

const ASSETS = {
  '/assets/style.css': asset('text/css; charset=utf-8', style),
  '/assets/copy.js': asset('text/javascript; charset=utf-8', copyScript),
  '/assets/device.js': asset('text/javascript; charset=utf-8', deviceScript),
};

export type AssetPath = keyof typeof ASSETS;

/** Every asset with the path at which it is served. */
export const assets: ReadonlyMap<string, Asset> = new Map(Object.entries(ASSETS));

/** The address of an asset as pages write it. */
export const assetUrl = (path: AssetPath): string => `${path}?v=${ASSETS[path].hash}`;
