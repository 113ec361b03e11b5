"""What will go wrong, or has, told before anybody runs into it.

`finding` says what a finding is, `check` what a check is, `examine` runs checks beside each other, bounded in time;
`checks` has one module for each part of the machine, and `catalogue` lists them all.
"""
