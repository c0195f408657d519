# Keeps a throwaway PostgreSQL cluster for as long as its standard input stays open, then ends it and removes its folder.
#
# Whoever holds the other end of that input may die in any way, SIGKILL too: the kernel closes the pipe, and `read` ends.
# Arguments: the folder of PostgreSQL's programs; the cluster's folder, which this process owns.
# Input: a TCP port to listen on, one a line. Output: `ready` or `failed`, once for the cluster and once for each port.

programs=$1
folder=$2
data=$folder/data
log=$folder/log

finish() {
    "$programs/pg_ctl" stop --pgdata="$data" --mode=immediate --timeout=60 >/dev/null 2>&1
    cd / && rm -rf "$folder"
}
trap finish EXIT
trap 'exit 1' HUP INT PIPE TERM

# Bounded, so that whoever waits for the answer never waits for ever. `--no-sync` concerns these first files only.
create() {
    # A copy of another cluster brings its files and their settings.
    [ -d "$data" ] && return
    timeout 60 "$programs/initdb" --pgdata="$data" --username=concord --auth=trust \
        --encoding=UTF8 --locale=C --no-sync >>"$log" 2>&1 || return
    cat >>"$data/postgresql.conf" <<SETTINGS
listen_addresses = '127.0.0.1'
unix_socket_directories = '$folder'
max_connections = 400
shared_buffers = 256MB
fsync = on
synchronous_commit = on
SETTINGS
}

listen_on() {
    "$programs/pg_ctl" start --pgdata="$data" --log="$log" --options="-p $1 -k $folder" --wait --timeout=60 >/dev/null 2>&1
}

if create; then echo ready; else echo failed; fi
while read -r port; do
    if listen_on "$port"; then echo ready; else echo failed; fi
done
