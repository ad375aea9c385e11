# The worker as an image. Build from the repository's root:
#   docker build -f deploy/worker.Dockerfile -t cutover-worker .
# Providers of your own (docs/adding-a-provider.md): FROM cutover-worker, USER root, RUN npm install ... in /app, USER 1000.
FROM node:24-bookworm-slim AS build

WORKDIR /source
COPY . .
RUN sh deploy/assemble-worker.sh /source /app

FROM node:24-bookworm-slim

WORKDIR /app
COPY --from=build /app ./

# The container's file system is read-only (docker-compose.yml); all that a worker needs is there. 1000 is `node`.
USER 1000
ENV NODE_ENV=production
EXPOSE 9469
ENTRYPOINT ["node", "bin/cutover.js"]
CMD ["worker"]
