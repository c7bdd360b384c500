"""The work list of a folder of CTs: which cases there are, and what has become of each.

From the lowest floor up:

- `records`: what is known of a case, a file each, and how it is changed while others do the same;
- `versions`: the label maps that a case has had, and which of them counts;
- `listing`: all cases of a folder as they are now, ordered, chosen and put into words;
- `effort`: how much work cases were, and whether it gets less;
- `opening`: a case that somebody takes to work on, read ahead, saved and handed on;
- `predicting`: first masks of cases that have none, found while people work on others;
- `comparing`: what several people, or a new model, make of the same cases;
- `export`: the cases that are done, to train on.
"""
