//! The texts of a seeded world.

/// Subjects of tickets.
pub(super) const SUBJECTS: [&str; 8] = [
    "Cannot log in",
    "Printer <3000> on fire & smoking",
    "Größe des Pakets?",
    "注文について",
    "VPN breaks every hour",
    "Refund, please",
    "It's \"urgent\": C:\\temp is full",
    "Slow page after the update 🐌",
];

/// What customers write first.
pub(super) const DESCRIPTIONS: [&str; 5] = [
    "Hello,\n\nsince this morning I cannot log in any more. The page says \"wrong password\".\n\nRegards",
    "The invoice of last month shows 3 seats, but we have only 2.",
    "Guten Tag,\nwie groß ist das Paket? Ich brauche die Maße < 60 cm & > 20 cm.",
    "お世話になっております。\n注文番号を教えてください。",
    "See the attachment. It worked yesterday.",
];

/// What agents answer.
pub(super) const ANSWERS: [&str; 4] = [
    "<p>Thank you for your message. We are <b>looking into it</b>.</p>",
    "<p>Could you send us a screenshot, please?</p>",
    "<p>This is fixed now. Please try again &amp; tell us if it works.</p>",
    "<p>Vielen Dank für Ihre Nachricht.<br>Wir melden uns.</p>",
];

/// What agents note for each other.
pub(super) const NOTES: [&str; 3] = [
    "Customer called, was not amused.",
    "Looks like the incident of last week. See the log:\n  12:00 start\n  12:01 stop",
    "Kulanz möglich, bis 50 €.",
];

/// Tags.
pub(super) const TAGS: [&str; 6] = ["vip", "billing", "größe", "login", "bug", "follow up"];
