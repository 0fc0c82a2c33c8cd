# One image for web, worker, periodic tasks and migrations; docker-compose.yml says which container does what.
# Alone, it runs the whole site on its embedded defaults: docker run -p 127.0.0.1:8000:8000 -v pasteur:/data pasteur
ARG PYTHON_IMAGE=python:3.11.16-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
WORKDIR /app
RUN python -m venv /opt/venv
COPY requirements.txt ./
RUN /opt/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt
COPY . .
RUN /opt/venv/bin/python -m assets.generate
# What the browser runs comes from npm, which is not in the image afterwards.
RUN python -m venv /tmp/node \
    && /tmp/node/bin/python -m assets.vendor \
    && rm -rf /tmp/node assets /root/.npm
# The settings want a data folder; what they keep there is gone before the layer is written. Files have the mode that
# they have in the checkout, which may be one that only its owner can read.
RUN PASTEUR_DATA_DIR=/tmp/data /opt/venv/bin/python manage.py collectstatic --noinput -v0 \
    && rm -rf /tmp/data \
    && /opt/venv/bin/python -m compileall -q . \
    && chmod --recursive a+rX,go-w .

FROM ${PYTHON_IMAGE}
# hadolint ignore=DL3008  # Debian's newest fixes are wanted at every build; a pinned version vanishes with the next.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git openssh-client tini \
    && rm -rf /var/lib/apt/lists/*
# ssh refuses to work for a user without a name, and a deploy key has to belong to whom uses it: docs/operations/install.md.
ARG PASTEUR_UID=1000
RUN groupadd --gid "${PASTEUR_UID}" pasteur \
    && useradd --uid "${PASTEUR_UID}" --gid pasteur --home-dir /nonexistent --no-create-home pasteur \
    && install --directory --mode=0700 --owner=pasteur --group=pasteur /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
# Every address inside of a container; what reaches it is up to the ports that are published.
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PASTEUR_DATA_DIR=/data HOST=0.0.0.0
WORKDIR /app
USER ${PASTEUR_UID}
EXPOSE 8000
ENTRYPOINT ["tini", "--"]
CMD ["python", "manage.py", "run"]
