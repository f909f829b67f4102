#!/bin/sh
# make-secrets.sh DATABASE SERVER: fills two folders with what is secret, and leaves alone whatever is there already.
# Each folder is seen by one container alone, whose account need not be ours: its files can be read by all in there.
set -eu
database=$1
server=$2
umask 022

random() {
  head -c 32 /dev/urandom | base64 | tr -d '\n'
}

# Whole or not at all, and never a second time.
make() {
  [ -s "$1" ] && return
  printf '%s\n' "$2" >"$1.new"
  mv "$1.new" "$1"
  echo "made $1"
}

# Letters and digits, which need no escaping in an address.
make "$database/password" "$(random | tr -dc 'A-Za-z0-9')"
make "$server/connection-url" "postgres://coder:$(cat "$database/password")@database:5432/coder?sslmode=disable"
make "$server/encryption-keys" "$(random)"
