"""One self-contained page on a cohort."""
