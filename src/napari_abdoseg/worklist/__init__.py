"""The work list of a folder of CTs: which cases there are, and what has become of each.

Read it from the values up: `case_record` is what is known of a case, `work_folder` where that
lies, `finding` which cases there are, `index` what of it is kept to be listed quickly.
`record_files` reads and writes records, `leases` says who has a case open, `changing` changes a
record so that nobody's change is lost, and `listing` brings it all together.

On top of that are

- `taking` the next case, `case_files` that it is opened from, `reading_ahead` of those beside it;
- `versions` of a case, what it was `uncorrected`, `reviewing` it, `raters` who have drawn one case;
- `effort` as it was noted, `measuring_effort` what came of it, `case_effort` whether it gets less,
  and `effort_page` with `curve_plot`, which show that; `scoring` how near a case has come to its
  reference;
- `predicting` organs of cases that have no label map, `missing_masks` which those are, so that
  nothing of people's work gives way to it, and `background`, a process that does it;
- `expectation` of how good label maps are, by which the worst are looked at first;
- `export` of the cases that are done to train on, `model_versions` of cases by the model that
  comes of it, and `model_changes`: which masks that would change most;
- `claims` to a case, by which it is changed or only read, `opening` of one, `saving_in_list`;
- `words`, `thumbnails`, `filtering`, `order` and `steps`: what a table shows, and offers to do;
  `watching` for what others do.
"""
