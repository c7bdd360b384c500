"""The work list of a folder of CTs: which cases there are, and what has become of each.

Read it from the values up: `case_record` is what is known of a case, `work_folder` where that
lies, `finding` which cases there are, `index` what of it is kept to be listed quickly.
`record_files` reads and writes records, `leases` says who has a case open, `changing` changes a
record so that nobody's change is lost, and `listing` brings it all together.

On top of that are

- `taking` the next case, `case_files` that it is opened from, `reading_ahead` of those beside it;
- `versions` of a case, what it was `uncorrected`, `reviewing` it, `raters` who have drawn one case;
- `effort` as """
