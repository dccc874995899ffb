# shellcheck shell=bash disable=SC2154
# What a command leaves behind when it dies, or finds the disk full, at its n-th write: sourced by parts.

cut() { # cut N HOW COMMAND...: preloads tests/trouble/cut.c
    local n=$1 how=$2
    shift 2
    rm -f "$dir/cut"
    CUT_AT=$n CUT_HOW=$how CUT_SAID="$dir/cut" LD_PRELOAD="$dir/cut.so" "$@"
}
# sweep HOW BEFORE AFTER COMMAND...: for n = 1, 2, … until the n-th write never comes; BEFORE sets the
# stage, AFTER looks at what is left ($status: how the command ended)
sweep() {
    local how=$1 before=$2 after=$3 n
    shift 3
    for n in $(seq 200); do
        $before >"$dir/stage" 2>&1 || { echo "stage for $n"; cat "$dir/stage"; return 1; }
        cut "$n" "$how" "$@" >"$dir/said" 2>&1
        status=$?
        [ -e "$dir/cut" ] || { moments=$((n - 1)); [ $status = 0 ] && [ $moments -gt 0 ]; return; }
        if ! $after >"$dir/after" 2>&1; then
            echo "cut at write $n ($how), exit $status:"
            cat "$dir/said" "$dir/after"
            return 1
        fi
        # what is written after the promise was kept (the note of an orderly stop) may fail without harm
        if [ "$how" = full ] && [ $status != 0 ] && { [ $status != 3 ] || [ ! -s "$dir/said" ]; }; then
            echo "full at write $n: exit $status"
            cat "$dir/said"
            return 1
        fi
    done
    echo "no end"
    return 1
}

swept() {
    local sentence=$1
    shift
    if sweep "$@" >"$dir/out" 2>&1; then pass "$sentence ($moments moments)"; else fail "$sentence"; fi
}
