# shellcheck shell=bash disable=SC2154
# The device itself: passphrase, key file, store file, directory, ports.

echo "sai sai sai sai sai sai" >"$dir/wrong"
echo "short" >"$dir/weak"
with() { # with PASSPHRASE-FILE DEVICE COMMAND...
    local file=$1 device=$2
    shift 2
    timeout 20 "$HOP" "$@" --dir "$dir/$device" --passphrase-file "$file"
}
same_keys() { [ "$(keys "$1")" = "$kept" ]; }
broken() { # broken: a copy of a device that is not running, to be damaged
    rm -rf "$dir/broken"
    cp -r "$dir/lone" "$dir/broken"
}

# ---- passphrase ----
refused "a weak passphrase is refused at init" 1 CLI_PASSPHRASE_WEAK with "$dir/weak" new init
check "and no directory was made" test ! -e "$dir/new"
refused "no passphrase file: says so" 3 CLI_CANNOT_READ with "$dir/nowhere" an2 init
refused "no terminal and no file: usage" 2 CLI_NO_PASSPHRASE setsid "$HOP" status --dir "$dir/nothing-here-$$" </dev/null
check "a device for damage is made" make lone
check "with a cell of its own" hop lone cell new "Chi bộ khác" --as "Lê Lan"
hop lone meeting new "Họp" --agenda "a" --reason x >/dev/null && hop lone send 1 >/dev/null
kept=$(keys lone)
refused "a wrong passphrase is refused" 1 ERR_PASSPHRASE_WRONG with "$dir/wrong" lone status
refused "also by run" 1 ERR_PASSPHRASE_WRONG with "$dir/wrong" lone run --no-open
refused "init does not overwrite a device" 1 ERR_DIR_TAKEN make lone
check "the keys are as they were" same_keys lone

# ---- key file ----
broken && head -c 300 "$dir/lone/keys.hop" >"$dir/broken/keys.hop"
refused "a truncated key file is named" 3 ERR_KEYS_DAMAGED hop broken status
broken && : >"$dir/broken/keys.hop"
refused "an empty key file is named" 3 ERR_KEYS_FOREIGN hop broken status
broken && head -c 904 /dev/zero >"$dir/broken/keys.hop"
refused "a foreign key file is named" 3 ERR_KEYS_FOREIGN hop broken status
broken && head -c 1000000 /dev/zero >"$dir/broken/keys.hop"
refused "a huge key file is foreign" 3 ERR_KEYS_FOREIGN hop broken status
broken && rm "$dir/broken/keys.hop" && mkdir "$dir/broken/keys.hop"
refused "a directory in its place is foreign" 3 ERR_KEYS_FOREIGN hop broken status
broken && rm "$dir/broken/keys.hop"
refused "a missing key file is named" 3 ERR_KEYS_MISSING hop broken status

# each header byte set to 0 and to 255: never opened, never a crash, always a sentence
bent_header() {
    local at byte status said
    for at in $(seq 0 4 60); do
        for byte in '\000' '\377'; do
            broken
            # shellcheck disable=SC2059
            printf "$byte" | dd of="$dir/broken/keys.hop" bs=1 seek="$at" conv=notrunc 2>/dev/null
            cmp -s "$dir/broken/keys.hop" "$dir/lone/keys.hop" && continue
            said=$(hop broken status 2>&1 >/dev/null)
            status=$?
            echo "byte $at as $byte: exit $status, $said"
            [[ $status = [13] && -n $said && $said != *ssert* ]] || return 1
        done
    done
}
check "a bent header of the key file is never opened" bent_header
# where the file keeps operations and memory: crypto/keyfile.h
weak_header() {
    local at
    for at in $(seq 0 60); do
        broken
        printf '\000\000\000\000\000\000\000\001' | dd of="$dir/broken/keys.hop" bs=1 seek="$at" conv=notrunc 2>/dev/null
        refuses_in vi 3 ERR_KEYS_WEAK hop broken status && return 0
    done
    return 1
}
check "a header that asks for little is called weak" weak_header

# ---- store file ----
broken && head -c 5000 /dev/urandom >"$dir/broken/records.mdb"
refused "a foreign store is named" 3 ERR_STORE_FOREIGN hop broken status
check "and left as it is" test "$(stat -c %s "$dir/broken/records.mdb")" = 5000
broken && : >"$dir/broken/records.mdb"
refused "an empty store file is damaged" 3 ERR_STORE_DAMAGED hop broken status
truncated_store() {
    local size
    for size in 100 4096 8192 10000 20480 30000 "$(($(stat -c %s "$dir/lone/records.mdb") - 4096))"; do
        broken
        truncate -s "$size" "$dir/broken/records.mdb"
        refuses_in vi 3 ERR_STORE_DAMAGED hop broken status || refuses_in vi 3 ERR_STORE_FOREIGN hop broken status || return 1
        [ "$(stat -c %s "$dir/broken/records.mdb")" = "$size" ] || return 1
    done
}
check "a truncated store is refused at any length" truncated_store
broken && cp "$dir/an/records.mdb" "$dir/broken/records.mdb"
foreign_records() {
    local status
    hop broken status >"$dir/out" 2>&1
    status=$?
    [ $status = 3 ] || [ $status = 0 ] && ! grep -qi assert "$dir/out"
}
check "another device's store does not crash it" foreign_records

# ---- directory ----
refused "a missing directory is named" 3 ERR_DIR_MISSING hop nowhere status
check "and not made" test ! -e "$dir/nowhere"
echo x >"$dir/file"
refused "a file is no directory" 3 ERR_DIR_FAILED hop file status
refused "init in a file says why" 3 ERR_DIR_FAILED make file
refused "a second run on the directory is refused" 3 ERR_DIR_BUSY hop an run --no-open --quiet
check "and the first goes on" hop an status
if [ "$(id -u)" = 0 ] && setpriv --reuid 65534 --regid 65534 --clear-groups true 2>/dev/null; then
    nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/nonexistent "$@"; }
    chmod 755 "$dir" "$dir/hop" && chmod 644 "$dir/pass"
    as_nobody() { nobody timeout 20 "$HOP" "$@" --passphrase-file "$dir/pass"; }
else
    chmod 000 "$dir/lone"
    as_nobody() { timeout 20 "$HOP" "$@" --passphrase-file "$dir/pass"; }
fi
mkdir -m 555 "$dir/closed" # root's: closed to nobody by its owner, else by its mode
refused "no permission to make a device" 3 ERR_DIR_FORBIDDEN as_nobody init --dir "$dir/closed/mine"
refused "no permission to open one" 3 ERR_DIR_FORBIDDEN as_nobody status --dir "$dir/lone"
chmod 755 "$dir/lone" && chmod 644 "$dir/lone"/*
if [ "$(id -u)" = 0 ]; then
    refused "one that can be read and not written" 3 ERR_DIR_FORBIDDEN as_nobody status --dir "$dir/lone"
fi
chmod 700 "$dir/lone" && chmod 600 "$dir/lone"/*
if [ -n "${TROUBLE_INSIDE:-}" ]; then
    mkdir -p "$dir/frozen"
    mount --bind "$dir/lone" "$dir/frozen" && mount -o remount,ro,bind "$dir/frozen"
    refused "a read-only directory says so" 3 ERR_DIR_FORBIDDEN hop frozen status
    umount "$dir/frozen"
else
    skip "a read-only directory needs a mount namespace (root)"
fi
check "after all that the device opens" hop lone meeting show 1
check "and its keys are as they were" same_keys lone

# ---- ports ----
refused "the port of the page is in use" 3 HTTP_PORT_IN_USE hop lone run --no-open --quiet --beacon-port $beacon_port --http-port $http_port
refused "the port of links is in use" 3 ERR_LINK_PORT_BUSY hop lone run --no-open --quiet --beacon-port $beacon_port --link-port $link_port
coproc holder { "$dir/stranger" hold udp $spare_port; }
holding=$holder_PID # the shell forgets it as soon as it ends
read -r -u "${holder[0]}" _
refused "the beacon port is held by a foreign program" 3 ERR_BEACON_PORT_BUSY hop lone run --no-open --quiet --beacon-port $spare_port
joins_beside_holder() { hop spare join "$(invitation an "Ai Đó")" --beacon-port $spare_port --wait 5; }
make spare >/dev/null
refused "join says so too" 3 ERR_BEACON_PORT_BUSY joins_beside_holder
kill "$holding"
wait "$holding" 2>/dev/null
check "nothing is left of the runs that failed" test ! -e "$dir/lone/api.sock" -a ! -e "$dir/lone/link"
refused "a port that is no number" 2 CLI_BAD_NUMBER hop lone run --http-port 70000
refused "an address that is none" 2 ERR_ADDRESS hop lone run --no-open --quiet --beacon-port $beacon_port --peer example.org
refused "an address that is not ours" 3 ERR_NETWORK hop lone run --no-open --quiet --beacon-port $beacon_port --bind 203.0.113.7
refused "an unknown command" 2 CLI_NO_SUCH_COMMAND hop lone fly
refused "an unknown option" 2 CLI_UNKNOWN_OPTION hop lone status --fast
refused "stop where nothing runs" 3 CLI_NOT_RUNNING hop lone stop

# ---- through the running node ----
# the passphrase is not even looked at: the node has the keys
check "a command goes through the running node" with "$dir/wrong" an status
before=$(records an)
check "and what it records is seen by the node" with "$dir/wrong" an say 1 "qua máy đang chạy"
check "one record more" test "$(records an)" -gt "$before"
