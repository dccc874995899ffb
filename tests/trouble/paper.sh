# shellcheck shell=bash disable=SC2154,SC2034
# Documents and dossiers.

# ---- documents ----
: >"$dir/empty.bin"
refused "an empty document" 1 DOCUMENT_EMPTY hop an doc add 1 "$dir/empty.bin"
refused "a missing one" 3 CLI_CANNOT_READ hop an doc add 1 "$dir/nowhere.bin"
refused "a directory" 3 CLI_CANNOT_READ hop an doc add 1 "$dir"
refused "nothing at all, from a pipe" 1 DOCUMENT_EMPTY eval 'hop an doc add 1 - --title x </dev/null'
truncate -s $((512 * 1048576 + 1)) "$dir/huge.bin" # sparse: if any of it were read, that would take its time
asked=$SECONDS
refused "one byte more than 512 MiB" 1 CLI_TOO_LARGE hop an doc add 1 "$dir/huge.bin"
check "is refused before any of it is read" test $((SECONDS - asked)) -lt 3
check "and the sentence names the limit" grep -qF "512 MiB" "$dir/stderr"
check "the API refuses it by its size too" api_says 409 DOCUMENT_TOO_LARGE --unix-socket "$dir/an/api.sock" -d '{"size":536870913}' http://hop/api/meetings/1/uploads
rm "$dir/huge.bin"
check "no document is on record" eval '[ "$(json an ".documents | length" doc list 1)" = 0 ]'
echo mật >"$dir/secret.txt"
before=$(records an)
for class in secret top-secret confidential mat; do
    check "class $class: refused, and nothing recorded" eval '! hop an doc add 1 "$dir/secret.txt" --class '$class' && [ "$(records an)" = "$before" ]'
done
refused "a secret document is refused with the sentence" 1 REFUSE_SECRET hop an doc add 1 "$dir/secret.txt" --class secret
check "the secret is nowhere in the store" eval '! grep -q "$(cat "$dir/secret.txt")" "$dir/an/records.mdb"'
odd=$'tên lạ \'"$(x)`;& <b> —\u0111.bin'
head -c 300000 /dev/urandom >"$dir/$odd"
check "a file of an odd name and any bytes" hop an doc add 1 "$dir/$odd"
check "keeps its name" eval 'json an ".documents[].title" doc list 1 | grep -qF "$odd"'
count=$(json an '.documents | length' doc list 1)
comes() { hop binh doc get "$count" -o "$dir/got.bin"; }
soon "comes to the other device" comes
check "byte for byte" cmp "$dir/$odd" "$dir/got.bin"
refused "a document that is not there" 1 API_NO_SUCH_DOCUMENT hop binh doc get 99 -o "$dir/none.bin"
check "and no file is made for it" test ! -e "$dir/none.bin"
refused "a place that cannot be written" 3 CLI_CANNOT_WRITE hop binh doc get "$count" -o "$dir/nowhere/x.bin"

# ---- a dossier ----
check "the meeting opens" hop an meeting open 1
check "and closes" hop an meeting close 1
check "the minutes are signed" hop an minutes 1 --sign
check "the dossier is written" hop an dossier 1 -o "$dir/dossier.html"
fingerprint=$(json an .cell.id status)
says_on_stderr() { "$@" >&2; } # what a report says counts as said
check "it holds, of the cell that was meant" "$HOP" verify "$dir/dossier.html" --cell "$fingerprint"
refused "of no cell in particular, it is unconfirmed" 5 DOSSIER_UNCONFIRMED says_on_stderr "$HOP" verify "$dir/dossier.html"
refused "of another cell, it does not hold" 1 DOSSIER_OTHER_CELL says_on_stderr "$HOP" verify "$dir/dossier.html" --cell "${fingerprint%??}$([ "${fingerprint: -2}" = 00 ] && echo 11 || echo 00)"
refused "a fingerprint that is none" 2 DOSSIER_BAD_FINGERPRINT "$HOP" verify "$dir/dossier.html" --cell 0123
check "written over, it is whole" eval 'hop an dossier 1 -o "$dir/dossier.html" && "$HOP" verify "$dir/dossier.html" --cell "$fingerprint"'
refused "verify of a missing file" 3 CLI_CANNOT_READ "$HOP" verify "$dir/nowhere.html"
refused "verify of a directory" 3 CLI_CANNOT_READ "$HOP" verify "$dir"
# never "holds": exit 1, and no sentence that says so
fails() { # fails FILE
    local status
    "$HOP" verify "$1" >"$dir/report" 2>&1
    status=$?
    [ $status = 1 ] && ! grep -qF "${EN[DOSSIER_PASS]}" "$dir/report"
}
: >"$dir/bad.html"
check "an empty file does not hold" fails "$dir/bad.html"
echo "<html><body>hello</body></html>" >"$dir/bad.html"
check "nor any other page" fails "$dir/bad.html"
head -c 100000 /dev/urandom >"$dir/bad.html"
check "nor noise" fails "$dir/bad.html"
size=$(stat -c %s "$dir/dossier.html")
truncated() {
    local i at
    for i in $(seq 1 40); do
        at=$((size * i / 41))
        head -c $at "$dir/dossier.html" >"$dir/bad.html"
        fails "$dir/bad.html" || { echo "cut at $at of $size"; cat "$dir/report"; return 1; }
    done
    for at in 1 2 3 10; do
        head -c $((size - at)) "$dir/dossier.html" >"$dir/bad.html"
        fails "$dir/bad.html" || { echo "cut $at before the end"; cat "$dir/report"; return 1; }
    done
}
check "nor a dossier cut short, at 44 places" truncated
flipped() {
    local i at byte
    cp "$dir/dossier.html" "$dir/bad.html"
    for i in $(seq 200); do
        at=$(((RANDOM * 32768 + RANDOM) % size))
        byte=$(od -An -tu1 -j $at -N1 "$dir/dossier.html")
        # shellcheck disable=SC2059
        printf "\\x$(printf %x $((byte ^ (1 << RANDOM % 8))))" | dd of="$dir/bad.html" bs=1 seek=$at conv=notrunc 2>/dev/null
        fails "$dir/bad.html" || { echo "flipped at $at of $size (seed $SEED)"; cat "$dir/report"; return 1; }
        # shellcheck disable=SC2059
        printf "\\x$(printf %x "$byte")" | dd of="$dir/bad.html" bs=1 seek=$at conv=notrunc 2>/dev/null
    done
    cmp "$dir/bad.html" "$dir/dossier.html"
}
check "nor one with any bit flipped, at 200 places" flipped
check "one byte added at the end" eval 'cp "$dir/dossier.html" "$dir/bad.html"; echo >>"$dir/bad.html"; fails "$dir/bad.html"'
check "one byte added in front" eval '{ echo; cat "$dir/dossier.html"; } >"$dir/bad.html"; fails "$dir/bad.html"'
check "two dossiers in one file" eval 'cat "$dir/dossier.html" "$dir/dossier.html" >"$dir/bad.html"; fails "$dir/bad.html"'
check "says so in Vietnamese" eval 'LC_ALL=vi_VN.UTF-8 "$HOP" verify "$dir/bad.html" | grep -qF "${VI[DOSSIER_FAIL]}"'
refused "a place that cannot be written" 3 CLI_CANNOT_WRITE hop an dossier 1 -o "$dir/nowhere/dossier.html"
refused "a meeting that is not there" 1 API_NO_SUCH_MEETING hop an dossier 99 -o "$dir/none.html"
check "and no file is made for it" test ! -e "$dir/none.html"
