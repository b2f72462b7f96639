# Node.js runs npm's MCP servers; Debian 12's Python 3.11 runs the product.
FROM node:22-bookworm-slim

RUN apt-get update \
  && apt-get install -y --no-install-recommends make python3 python3-venv libcurl4 libssl3 tini \
  && rm -rf /var/lib/apt/lists/*

WORKDIR /srv/mcp-api
COPY requirements ./requirements
COPY pyproject.toml Makefile README.md LICENSE ./
COPY app ./app
RUN make .venv/.run && mkdir /data && chown node:node /data

USER node
ENV DATA_DIR=/data HOST=0.0.0.0 PORT=8080
VOLUME /data
EXPOSE 8080
# Nothing in front, nothing listens: HOST=0.0.0.0 starts only with ALLOW_UNAUTHENTICATED_NETWORK=true
# (see compose.yaml, which publishes the port to the local machine alone).
ENTRYPOINT ["tini", "--", "/srv/mcp-api/.venv/bin/mcp-api"]
CMD ["serve"]
