// The yardstick: a bare Fastify route that answers with a user of the usual size, without token, database or headers.
import Fastify from 'fastify';

const user = {
  id: '497f6eca-6276-4993-bfeb-53cbbbba6f08',
  username: 'bare',
  name: 'Bare Route',
  email: 'bare@example.com',
  created_at: '2026-01-01T00:00:00.123456Z',
  updated_at: '2026-01-01T00:00:00.123456Z',
  last_seen_at: '2026-01-01T00:00:00.123456Z',
  status: 'active',
  login_type: 'password',
  organization_ids: ['7c60d51f-b44e-4682-87d6-449835ea4de6'],
  roles: [{ name: 'owner', display_name: 'Owner' }],
  has_ai_seat: false,
};

const app = Fastify();
app.get('/me', async () => user);
console.log(await app.listen({ host: '127.0.0.1', port: 0 }));
