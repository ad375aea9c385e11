# The worker as an image: Node 24 runs the TypeScript source as it is. Build from the repository's root:
#   docker build -f deploy/worker.Dockerfile -t cutover-worker .
FROM node:24-bookworm-slim

WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force

COPY bin ./bin
COPY client ./client
COPY view ./view
COPY workflows ./workflows
COPY activities ./activities
COPY worker ./worker
COPY schema ./schema
COPY scripts ./scripts

# The container's file system is read-only (docker-compose.yml): what a worker would build at its first start is built here.
RUN node worker/bundle.ts

USER node
ENV NODE_ENV=production
EXPOSE 9469
ENTRYPOINT ["node", "bin/cutover.js"]
CMD ["worker"]
