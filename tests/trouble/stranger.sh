# shellcheck shell=bash disable=SC2154,SC2034
# Strangers at the ports: bytes that mean nothing, clients without a key, beacons bent and replayed.

before=$(records an)
fds() { find "/proc/${node[an]}/fd" -mindepth 1 | wc -l; }
memory() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/${node[an]}/status"; }
few_fds() { [ "$(fds)" -le $((fds_before + 3)) ]; }
soon "before: the two are connected" connected an
fds_before=$(fds 2>/dev/null) memory_before=$(memory)
check "garbage at the port of links gets a greeting at most" "$dir/stranger" garbage $link_port
check "clients without a key are not let in" "$dir/stranger" curve $link_port
hold_half_open() {
    local i fd
    held=()
    for i in $(seq 200); do
        exec {fd}<>/dev/tcp/127.0.0.1/$link_port || return 1
        held+=("$fd")
        [ $((i % 2)) = 0 ] || printf '\xff\0\0\0\0\0\0\0\x01\x7f\x03' >&"$fd"
    done
}
hold_half_open 2>"$dir/out"
check "200 half-open connections are taken" test ${#held[@]} = 200
check "with them, an act is still recorded" hop an say 1 "giữa 200 kết nối dở dang"
arrived() { hop binh meeting show 1 | grep -qF "giữa 200 kết nối dở dang"; }
soon "and still goes to the other" arrived
newcomer() { make vi && hop vi join "$(invitation an "Hoàng Vi")" --beacon-port $beacon_port --wait 20; }
check "and somebody can still join" newcomer
for fd in "${held[@]}"; do exec {fd}>&-; done
if [ "$(id -u)" = 0 ]; then
    soon "when they are gone, nothing of them is left" few_fds
else
    skip "the descriptors of a node can be counted by root only"
fi
check "nor has memory grown by more than 16 MB" test "$(memory)" -lt $((memory_before + 16384))
slow_http() { # a page that never ends its request holds up nobody
    local i fd fds=()
    for i in $(seq 80); do
        exec {fd}<>/dev/tcp/127.0.0.1/$http_port && printf 'GET / HTTP/1.1\r\nHost: ' >&"$fd"
        fds+=("$fd")
    done 2>/dev/null
    timeout 5 "$HOP" status --dir "$dir/an"
    local status=$?
    for fd in "${fds[@]}"; do exec {fd}>&-; done
    return $status
}
check "80 unfinished requests on the page's port do not stop a command" slow_http

if [ -n "${TROUBLE_INSIDE:-}" ]; then
    stop binh
    coproc ear { "$dir/stranger" listen $beacon_port "$dir/beacons"; }
    listening=$ear_PID
    read -r -u "${ear[0]}" _
    run binh
    check "beacons can be overheard, and no two are alike anywhere" wait "$listening"
    check "garbage, bent and replayed beacons are not answered" "$dir/stranger" beacons $beacon_port "$dir/beacons"
    soon "and the two still find each other" connected binh
else
    skip "beacons are overheard in a network namespace only (root)"
fi
check "the node never stopped" kill -0 "${node[an]}"
check "no stranger put anything on record" test "$(json an .ignored status)" = 0
