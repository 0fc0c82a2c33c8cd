# The image of all containers of docker-compose.yml, and `front`, that of nginx before it.
# A single container runs the whole site with the defaults: docker run -p 127.0.0.1:8000:8000 -v pasteur:/data pasteur
ARG PYTHON_IMAGE=python:3.11.16-slim-bookworm
ARG NGINX_IMAGE=nginx:1.28-bookworm

FROM ${PYTHON_IMAGE} AS build
WORKDIR /app
RUN python -m venv /opt/venv
COPY requirements.txt ./
RUN /opt/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt
# Vendored scripts come from npm, which is removed afterwards. These layers change with their own sources alone, so that
# the image is built again in seconds after any other change.
COPY assets assets
COPY requirements-assets.txt ./
COPY pastes/rules pastes/rules
RUN touch pastes/__init__.py \
    && python -m venv /tmp/node \
    && /tmp/node/bin/python -m assets.vendor \
    && rm -rf assets/node_modules /tmp/node /root/.npm
COPY . .
RUN /opt/venv/bin/python -m assets.generate && rm -rf assets
# The settings need a data folder, which is removed again. The files of the checkout may be readable by its owner only.
RUN PASTEUR_DATA_DIR=/tmp/data /opt/venv/bin/python manage.py collectstatic --noinput -v0 \
    && rm -rf /tmp/data \
    && /opt/venv/bin/python -m compileall -q . \
    && chmod --recursive a+rX,go-w .

FROM ${NGINX_IMAGE} AS front
ARG PASTEUR_UID=1000
COPY --from=build /app/staticfiles /srv/static
COPY deploy/nginx /opt/front
# Volumes take owner and mode from the first image that mounts them.
RUN install --directory --mode=0700 --owner="${PASTEUR_UID}" --group="${PASTEUR_UID}" /etc/letsencrypt /var/www/acme
USER ${PASTEUR_UID}
EXPOSE 8080 8443
ENTRYPOINT ["/opt/front/run"]

FROM ${PYTHON_IMAGE}
# hadolint ignore=DL3008  # Every build installs Debian's newest fixes; a pinned version would disappear with the next.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git openssh-client tini \
    && rm -rf /var/lib/apt/lists/*
# ssh requires a user with a name that owns the deploy key: docs/operations/install.md.
ARG PASTEUR_UID=1000
RUN groupadd --gid "${PASTEUR_UID}" pasteur \
    && useradd --uid "${PASTEUR_UID}" --gid pasteur --home-dir /nonexistent --no-create-home pasteur \
    && install --directory --mode=0700 --owner=pasteur --group=pasteur /data /etc/letsencrypt /var/www/acme
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
# All addresses in the container; published ports decide what is reachable.
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PASTEUR_DATA_DIR=/data HOST=0.0.0.0
WORKDIR /app
USER ${PASTEUR_UID}
EXPOSE 8000
ENTRYPOINT ["tini", "--"]
CMD ["python", "manage.py", "run"]
