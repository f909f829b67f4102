// Wire types of licences, of which none is needed here.
import { z } from 'zod';
import { count } from './answers.ts';
import { MAX_LICENSE } from './sizes.ts';
import { goString, required } from './wire.ts';

export const AddLicenseRequest = z
  .object({ license: required(goString(MAX_LICENSE)) })
  .meta({ id: 'codersdk.AddLicenseRequest' });

export const License = z.object({ id: count() }).meta({ id: 'codersdk.License' });
