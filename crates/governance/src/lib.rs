//! Pure decisions: access, routing plans, retry policy, pricing. Now and randomness are arguments.
