"""What to say, in Slack and at the command line, of rules in force that cannot be read."""

from __future__ import annotations

UNREADABLE = (
    "The rules in force (version {version}) cannot be read, so nothing is allowed and nothing is written. "
    "{fault}"
)
REPAIR = (
    "Approved decisions wait. Save the rules with countersign policy versions --text {version} > "
    "policy.yaml, put right what countersign policy check policy.yaml names, and run countersign policy "
    "activate policy.yaml --by YOUR-E-MAIL (--shipped in the place of the file, where the rules are those "
    "of the release); or go back with countersign policy rollback --by YOUR-E-MAIL, or restore the database "
    "from a backup."
)
