// The recordings of notifications.
import { deliverInbox } from '../../src/services/deliveries.ts';
import { replayArea } from '../support/golden-area.ts';

replayArea('notify', async (t, ms) => {
  t.clock.advance(ms * 1000);
  await deliverInbox(t.deps);
});
