//! What people write in seeded worlds: many scripts, markup, and characters that JSON writers
//! escape.

/// Given names and family names; the demo shows them.
pub(super) const NAMES: [(&str, &str); 24] = [
    ("Ada", "Lovelace"),
    ("Grace", "Hopper"),
    ("Edsger", "Dijkstra"),
    ("Zoë", "Müller"),
    ("José", "Núñez"),
    ("Søren", "Ångström"),
    ("Łukasz", "Żak"),
    ("Мария", "Иванова"),
    ("Γιώργος", "Παπαδόπουλος"),
    ("太郎", "山田"),
    ("小明", "王"),
    ("민준", "김"),
    ("नेहा", "शर्मा"),
    ("نور", "حداد"),
    ("דוד", "לוי"),
    ("Conan", "O'Brien"),
    ("Anne-Marie", "d'Arc"),
    ("Nguyễn", "Thị Hoa"),
    ("Tom & Jerry", "Ltd"),
    ("Ludwig", "van Beethoven"),
    ("Maria", "da Silva"),
    ("Björk", "Guðmundsdóttir"),
    ("Chukwuemeka", "Okafor"),
    ("Sam", "Taylor"),
];

/// Firms and their domains.
pub(super) const COMPANIES: [(&str, &str); 6] = [
    ("Acme & Sons", "acme.example"),
    ("Globex <Europe>", "globex.example"),
    ("Initech", "initech.example"),
    ("Umbrella Обслуживание", "umbrella.example"),
    ("Müller Maschinenbau GmbH", "mueller.example"),
    ("株式会社テスト", "tesuto.example"),
];

/// Subjects.
pub(super) const SUBJECTS: [&str; 20] = [
    "Cannot log in since this morning",
    "Invoice 2024-118 shows the wrong amount",
    "Printer on floor 3 <again> & again",
    "Feature request: dark mode 🌙",
    "Ärger mit der Rechnung",
    "¿Dónde está mi pedido?",
    "注文が届きません",
    "الطلب لم يصل بعد",
    "בעיה בהתחברות לחשבון",
    "Ошибка при оплате",
    "Refund for order #4711",
    "\"Quotes\" and \\backslashes\\ in the export",
    "App crashes when I tap \"Save\" 💥",
    "How do I add a colleague?",
    "Password reset mail never arrives",
    "SSO: 500 after the redirect",
    "👩‍💻👨‍🔧 Team seats",
    "Data export takes > 24 h",
    "Webhook called twice",
    "Please close my account",
];

/// First messages, HTML as Freshdesk stores it.
pub(super) const DESCRIPTIONS: [&str; 8] = [
    "<div>Hello,<br>since this morning I get an error when I log in.<br><br>Regards</div>",
    "<div><p>The invoice says <b>1,200 &euro;</b>, we agreed on <i>1,000 &euro;</i>.</p><ul><li>order 4711</li><li>order 4712</li></ul></div>",
    "<div dir=\"rtl\">שלום, אני לא מצליח להתחבר לחשבון שלי.</div>",
    "<div dir=\"rtl\">مرحبا، الطلب لم يصل بعد. شكرا</div>",
    "<div>こんにちは。注文番号4711がまだ届きません。🙏</div>",
    "<div>if (a &lt; b &amp;&amp; b &gt; c) { crash(); }</div>",
    "<div>Привет! При оплате появляется ошибка.<div><br></div>Спасибо</div>",
    "<div>Could you add <a href=\"https://example.com/dark?mode=1&amp;x=2\">dark mode</a>? 🌙</div>",
];

/// Customers' later messages.
pub(super) const CUSTOMER_MESSAGES: [&str; 5] = [
    "<div>Any news?</div>",
    "<div>It still does not work 😢</div>",
    "<div>Vielen Dank, das hat geholfen!</div>",
    "<div>شكرا جزيلا</div>",
    "<div>Here is the screenshot you asked for.<br>&gt; Please send a screenshot</div>",
];

/// Agents' public answers.
pub(super) const REPLIES: [&str; 4] = [
    "<div>Hi,<br>thank you for writing. We are looking into it.</div>",
    "<div>Could you send us a screenshot, please?</div>",
    "<div>This is fixed in version <b>2.4.1</b>. Please update &amp; try again.</div>",
    "<div>Merhaba, sorunu çözdük. 👍</div>",
];

/// Agents' notes to each other.
pub(super) const NOTES: [&str; 4] = [
    "<div>Customer is on the old plan, careful with refunds.</div>",
    "<div>Same as yesterday's incident &rarr; engineering knows.</div>",
    "<div>Called, nobody answered ☎️</div>",
    "<div>@grace can you take this one?</div>",
];

/// Tags.
pub(super) const TAGS: [&str; 8] = [
    "billing",
    "login",
    "vip",
    "R&D",
    "größe",
    "日本",
    "needs <review>",
    "🔥",
];
