# glibc, not Alpine: what comes along as programs needs it.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without scripts: they prepare the optional Node and PostgreSQL, which this image has no use for, and build.
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY scripts scripts
COPY src src
RUN node scripts/build.ts

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force
COPY bin bin
COPY migrations migrations
COPY --from=build /app/dist dist
# A number, so that Kubernetes can see that it is not root; the image's own account "node" has it.
RUN mkdir dist/cache && chown 1000:1000 dist/cache && ln -s /app/bin/coder-users.js /usr/local/bin/coder-users
USER 1000:1000
# Compiled code for the account that runs it: a start from a read-only file system finds it here.
RUN node dist/main.js openapi --output /dev/null
ENV CODER_HTTP_ADDRESS=0.0.0.0:3000
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --start-interval=2s \
  CMD ["node", "dist/main.js", "health"]
# node itself is process 1 and gets the signals.
CMD ["node", "--max-semi-space-size=4", "dist/main.js", "server"]
