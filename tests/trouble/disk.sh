# shellcheck shell=bash disable=SC2154
# The disk is full: said so, nothing lost, nothing half done, and on it goes when there is room.

if [ -z "${TROUBLE_INSIDE:-}" ]; then
    skip "a full disk needs a mount namespace (root): NOT tried"
    return 0
fi
mkdir "$dir/small"
if ! mount -t tmpfs -o size=3m,mode=700 none "$dir/small" 2>/dev/null; then
    skip "no tmpfs can be mounted here: a full disk was NOT tried"
    return 0
fi
fill() { dd if=/dev/zero of="$dir/small/filler" bs=4096 >/dev/null 2>&1 || sync -f "$dir/small"; }
room() { rm -f "$dir/small/filler"; }
seen() { json "$1" '.opinions[].text' meeting show "$meeting" | grep -qxF "$2"; }
hop an meeting new "Họp khi đĩa đầy" --agenda "Một việc" --reason "x" >/dev/null
meeting=$(json an '.meetings | length' meeting list)
hop an send "$meeting" >/dev/null
small() {
    make small/dev && hop small/dev join "$(invitation an "Đỗ Nhỏ")" --beacon-port $beacon_port --wait 20 &&
        run small/dev && within 20 connected small/dev 2 && within 20 hop small/dev meeting show "$meeting"
}
check "a device on a small disk joins" small
check "and acts" hop small/dev say "$meeting" "trước khi đầy"
soon "all have the same records" level an small/dev

# ---- documents leave room for records ----
head -c 4000000 /dev/urandom >"$dir/film.bin"
check "a document larger than the small disk is laid" hop an doc add "$meeting" "$dir/film.bin" --title "Phim tài liệu"
film=$(json an '.documents[] | select(.title == "Phim tài liệu") | .number' doc list "$meeting")
waits_in() { # waits_in LANGUAGE: the notice, and in it which document
    local said template=${EN[NOTICE_DOCUMENTS_WAIT]}
    [ "$1" = en ] || template=${VI[NOTICE_DOCUMENTS_WAIT]}
    said=$(hop small/dev status --lang "$1") && says "$said" "$template" && grep -qF "Phim tài liệu" <<<"$said"
}
soon "the small device says that it waits for room, and which it is" waits_in en
check "and in Vietnamese" waits_in vi
# a quarter of 3 MiB is kept; what commits copy beside the documents comes out of it
keeps_room() { stat -f -c "%a * %S" "$dir/small" && [ $(($(stat -f -c "%a * %S" "$dir/small"))) -gt 600000 ]; }
check "the disk keeps room for records" keeps_room
hop binh say "$meeting" "trong khi tài liệu chờ" >/dev/null
soon "an opinion comes all the same" seen small/dev "trong khi tài liệu chờ"
alone() {
    make small/own && hop small/own cell new "Chi bộ Nhỏ" --as An && hop small/own meeting new "Họp" --agenda "Một việc" --reason x
}
check "a cell of its own on the small disk" alone
refused "its own document too is refused when it leaves no room" 3 ACT_STORE_FULL hop small/own doc add 1 "$dir/film.bin"
refused "from a pipe too, in the middle" 3 ACT_STORE_FULL eval 'hop small/own doc add 1 - --title x <"$dir/film.bin"'
check "nothing of it is left" test "$(json small/own ".documents | length" doc list 1)" = 0
check "and there is still room" keeps_room
check "and an act is recorded" hop small/own send 1
rm -r "$dir/small/own"
mount -o remount,size=16m "$dir/small"
film_comes() { hop small/dev doc get "$film" -o "$dir/got.bin" && cmp "$dir/film.bin" "$dir/got.bin"; }
soon "with room it comes by itself" film_comes
soon "and the notice is gone" eval '! waits_in en'

# ---- while it runs ----
fill
long=$(printf '%*s' 3000 '' | tr ' ' o)
: >"$dir/noted"
# full_says LANGUAGE COMMAND...: exit 3 and the sentence, whichever of the two comes first: an act runs once
full_says() {
    refuses_in "$1" 3 ACT_STORE_FULL "${@:2}" && return 0
    local template=${EN[API_DISK_FULL]}
    [ "$1" = en ] || template=${VI[API_DISK_FULL]}
    grep -q '^exit 3' "$dir/out" && says "$(<"$dir/stderr")" "$template"
}
until_refused() { # acts go into free pages of the store until there are none
    local i
    for i in $(seq 400); do
        full_says vi hop small/dev say "$meeting" "$i $long" && return 0
        grep -q '^exit 0' "$dir/out" || return 1
        echo "$i $long" >>"$dir/noted"
    done
    return 1
}
check "on a full disk an act is refused in the end" until_refused
check "the sentence says so in English" full_says en hop small/dev say "$meeting" "x $long"
check "and in Vietnamese" full_says vi hop small/dev say "$meeting" "x $long"
check "what was there can be read" seen small/dev "trước khi đầy"
check "status says it" eval 'says "$(hop small/dev status)" "${EN[ERR_DISK_FULL]}"'
check "status says it in Vietnamese" eval 'says "$(hop small/dev status --lang vi)" "${VI[ERR_DISK_FULL]}"'
check "a document is refused too" eval 'head -c 200000 /dev/urandom >"$dir/paper.bin"; full_says en hop small/dev doc add "$meeting" "$dir/paper.bin" --title x || refuses_in en 1 REFUSE_NOT_ARRANGER hop small/dev doc add "$meeting" "$dir/paper.bin"'
check "another's acts go on meanwhile" eval 'for i in 1 2 3 4 5 6 7 8 9 10; do hop an say "$meeting" "của An $i $long" || exit 1; done'
ahead() { [ "$(json an '[.peers[] | select(.name == "Đỗ Nhỏ") | .ahead] | add' peers)" -gt 0 ]; }
soon "the full device acknowledges nothing it does not have" ahead
check "it is still connected" connected small/dev
check "the others have them all" eval 'within 20 level an binh'
room
soon "with room again it catches up by itself" level an small/dev
soon "and status says nothing any more" eval '[ "$(json small/dev ".trouble == null" status)" = true ]'
check "an act is recorded again" hop small/dev say "$meeting" "khi có chỗ"
echo "khi có chỗ" >>"$dir/noted"
echo "trước khi đầy" >>"$dir/noted"
soon "and goes out" seen an "khi có chỗ"
stop small/dev KILL
check "after a sudden end it starts" run small/dev
mine() { json "$1" '.opinions[] | select(.name == "Đỗ Nhỏ") | .text' meeting show "$meeting" | sort; }
check "with exactly what was acknowledged" eval 'mine small/dev | diff - <(sort "$dir/noted")'
soon "on the other device too" eval 'mine an | diff - <(sort "$dir/noted")'
stop small/dev

# ---- while it does not ----
fill
check "without a node, what is there can be read" seen small/dev "khi có chỗ"
refuse_alone() {
    local i
    for i in $(seq 100); do
        full_says en hop small/dev say "$meeting" "một mình $i $long" && return 0
        grep -q '^exit 0' "$dir/out" || return 1
    done
    return 1
}
check "an act is refused, with the sentence" refuse_alone
refused "init says that the disk is full" 3 ERR_DISK_FULL make small/new
check "and leaves no keys" test ! -e "$dir/small/new/keys.hop"
room
check "with room it works" make small/new
cp "$dir/small/new/keys.hop" "$dir/keys.kept"
fill
refused_full() { # by whichever of the two comes first: keys or records
    refuses_in vi 3 ERR_DISK_FULL "$@" || refuses_in vi 3 API_DISK_FULL "$@" || refuses_in vi 3 ACT_STORE_FULL "$@"
}
check "a cell is not half founded" refused_full hop small/new cell new Chi --as An
check "and the keys are whole" cmp "$dir/small/new/keys.hop" "$dir/keys.kept"
room
check "with room the device has no cell" eval '[ "$(json small/new ".cell == null" status)" = true ]'
text=$(invitation an "Đỗ Nhỏ Hai")
fill
check "joining says that the disk is full" refused_full hop small/new join "$text" --beacon-port $beacon_port --wait 10
check "and the keys are whole" cmp "$dir/small/new/keys.hop" "$dir/keys.kept"
check "a dossier is not half written" eval 'refuses_in en 3 CLI_CANNOT_WRITE hop an dossier 1 -o "$dir/small/dossier.html"; [ ! -e "$dir/small/dossier.html" ] && grep -q "exit 3" "$dir/out"'
room
check "with room the same invitation still works" hop small/new join "$text" --beacon-port $beacon_port --wait 20
check "no file was left on the way" eval '[ -z "$(find "$dir/small" -name "*.??????")" ]'
umount "$dir/small"
