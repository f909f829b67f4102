# glibc, not Alpine: argon2's prebuilt binary needs it.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY scripts scripts
COPY src src
RUN npm run --silent build

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The optional packages are Node and PostgreSQL for machines that have neither.
RUN npm ci --omit=dev --omit=optional && npm cache clean --force
COPY migrations migrations
COPY --from=build /app/dist dist
RUN ln -s /app/dist/main.js /usr/local/bin/coder-users
USER node
ENV CODER_HTTP_ADDRESS=0.0.0.0:3000
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:3000/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# node itself is process 1 and gets the signals.
CMD ["node", "--max-semi-space-size=4", "dist/main.js", "server"]
