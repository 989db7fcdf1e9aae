#!/bin/sh
# Trains a model, evaluates it and judges it by its gates. Ends with 0 if all gates passed, 1 if one failed, 2 if that could
# not be told (or with what `train` or `evaluate` ended with, both not 0).
#
# LOG       the log (CSV, TSV or sequences), required
# OUT       folder for what is written, made if it is not there; by default `out`
# BASELINE  report.json to be compared with; if the file is not there, nothing is compared
# GATES     gates file; by default the gates that ship
# PROTOCOL  leave-one-out (the default), temporal or temporal-sessions
# READ      options for reading the log, such as `--item-column sku`
# TRAIN     options for training, such as `--items catalogue.csv --seed 7`
set -eu
: "${LOG:?name the log}"
OUT=${OUT:-out} PROTOCOL=${PROTOCOL:-leave-one-out}
mkdir -p "$OUT"

# READ and TRAIN are lists of words
# shellcheck disable=SC2086
tastekeeper train "$LOG" ${READ:-} ${TRAIN:-} --split "$PROTOCOL" --out "$OUT/model.tkpack" --card "$OUT/card.md"

set --
if [ -n "${BASELINE:-}" ] && [ -f "$BASELINE" ]; then
    set -- --baseline "$BASELINE"
fi
# shellcheck disable=SC2086
tastekeeper evaluate "$OUT/model.tkpack" "$LOG" ${READ:-} --protocol "$PROTOCOL" --parts "$@" --report "$OUT/report.json"

tastekeeper gate --report "$OUT/report.json" --gates "${GATES:-default}" \
    --junit "$OUT/junit.xml" --markdown "$OUT/report.md" --html "$OUT/report.html"
