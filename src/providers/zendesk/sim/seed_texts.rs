//! The texts of a seeded world.

/// Subjects of tickets.
pub(super) const SUBJECTS: [&str; 10] = [
    "Cannot log in",
    "Invoice is wrong",
    "Größe des Pakets?",
    "注文について",
    "Feature request: dark mode",
    "Printer <3000> on fire & smoking",
    "Refund, please",
    "Как сбросить пароль?",
    "Slow page after the update 🐌",
    "Question about \"seats\"",
];

/// What customers write first.
pub(super) const DESCRIPTIONS: [&str; 6] = [
    "Hello,\n\nsince this morning I cannot log in any more. The page says \"wrong password\".\n\nRegards",
    "The invoice of last month shows 3 seats, but we have only 2.",
    "Guten Tag,\nwie groß ist das Paket? Ich brauche die Maße < 60 cm & > 20 cm.",
    "お世話になっております。\n注文番号を教えてください。",
    "It would be great to have a dark mode.\n\n- for the night\n- for the eyes 👀",
    "See the attachment. It worked yesterday.",
];

/// What agents answer.
pub(super) const ANSWERS: [&str; 5] = [
    "Thank you for your message. We are looking into it.",
    "Could you send us a screenshot, please?",
    "This is fixed now. Please try again & tell us if it works.",
    "Vielen Dank für Ihre Nachricht. Wir melden uns.",
    "Please see https://help.example/articles/42 for the steps.",
];

/// What agents note for each other.
pub(super) const NOTES: [&str; 4] = [
    "Customer called, was not amused.",
    "Looks like the incident of last week. See the log:\n  12:00 start\n  12:01 stop",
    "Asked engineering, waiting.",
    "Kulanz möglich, bis 50 €.",
];

/// Tags.
pub(super) const TAGS: [&str; 6] = ["vip", "billing", "größe", "login", "bug", "follow_up"];
