# syntax=docker/dockerfile:1

# 1. Compile. The versions of all packages are those of package-lock.json.
FROM node:20.20.2-bookworm-slim AS build
WORKDIR /app
ENV ONNXRUNTIME_NODE_INSTALL=skip
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.base.json tsconfig.json ./
COPY src ./src
RUN npm run build

# 2. What runs: production packages, without the native libraries of other systems.
FROM node:20.20.2-bookworm-slim AS packages
WORKDIR /app
ENV ONNXRUNTIME_NODE_INSTALL=skip
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev \
  && cd node_modules \
  && rm -rf onnxruntime-node/bin/napi-v6/darwin onnxruntime-node/bin/napi-v6/win32 \
  && find tokenizers -name 'tokenizers.*.node' ! -name 'tokenizers.linux-*-gnu.node' -delete

# 3. The image: code, packages and models, owned by root and run by a user who can change none of them.
FROM node:20.20.2-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 ENTIER_PROFILES_DIR=/var/lib/entier/profiles
RUN install -d -o node -g node /var/lib/entier/profiles
COPY package.json ./
COPY --from=packages /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY models ./models
USER node
VOLUME /var/lib/entier/profiles
EXPOSE 8080
# Drains for at most 8 s, then ends the workers.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# main.js handles SIGTERM itself, so node may be the first process.
CMD ["node", "dist/main.js"]
