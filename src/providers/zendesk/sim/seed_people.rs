//! The people of a seeded world: agents in groups, customers in organizations.

use jiff::SignedDuration;

use super::seed::Dice;
use super::world::World;

/// The customers' names. One has no address, one is suspended.
const NAMES: [&str; 30] = [
    "Bea Customer",
    "José Ñandú",
    "Zoë Übermut",
    "王小明",
    "Иван Петров",
    "محمد علي",
    "O'Neill, Shaun",
    "Anna-Lena Groß",
    "Søren Ærø",
    "Ştefan Țepeș",
    "Nguyễn Văn An",
    "佐藤 花子",
    "Jean-Luc d'Été",
    "Μαρία Παπαδοπούλου",
    "Élodie Çelik",
    "Max Mustermann",
    "Erika Mustermann",
    "김철수",
    "Ola Nordmann",
    "Juan Pérez",
    "Łucja Żółć",
    "דוד כהן",
    "Ann \"Annie\" Smith",
    "Robert'); DROP TABLE",
    "Кот 🐈 Учёный",
    "Tom & Jerry",
    "Rita <rita>",
    "Ravi Kumar",
    "Chloé Dubois",
    "Ulrich Ohneadresse",
];

/// The organizations and their mail domains.
const ORGANIZATIONS: [(&str, &str); 3] = [
    ("Acme GmbH", "acme.example"),
    ("Größer & Söhne", "groesser.example"),
    ("株式会社サンプル", "sample.example"),
];

/// Puts people into a world. The first agent is the admin with the given address.
pub(super) fn plant(world: &mut World, dice: &mut Dice, email: &str) {
    let me = plant_agent(world, "Ada Admin", email, "admin");
    let grace = plant_agent(world, "Grace Agent", "grace@desk.example", "agent");
    let night = plant_agent(world, "Łukasz Nocny", "lukasz@desk.example", "agent");
    world.me = me;
    let support = world.add_group("Support");
    let second = world.add_group("Second level");
    world.join_group(me, support);
    world.join_group(grace, support);
    world.join_group(night, second);

    let mut organizations = Vec::new();
    for (name, domain) in ORGANIZATIONS {
        let id = world.add_organization(name);
        if let Some(organization) = world.organizations.get_mut(&id) {
            organization.domain_names.push(domain.to_owned());
        }
        organizations.push((id, domain));
    }
    let long_ago = world.now() - SignedDuration::from_hours(24 * 365 * 4);
    for (place, name) in NAMES.iter().enumerate() {
        let joined = organizations.get(place % 5);
        let domain = joined.map_or("mail.example", |(_, domain)| domain);
        let email = format!("customer{place}@{domain}");
        let is_last = place + 1 == NAMES.len();
        let id = world.add_user(name, (!is_last).then_some(email.as_str()));
        if let Some((organization, _)) = joined {
            world.join_organization(id, *organization);
        }
        world.edit_user(id, |user| {
            user.verified = dice.below(3) == 0;
            user.suspended = place == 23;
            user.phone = (place % 7 == 2).then(|| format!("+49 30 90182{place:02}"));
            user.external_id = (place % 10 == 4).then(|| format!("crm-{place}"));
        });
    }
    let mut age = SignedDuration::ZERO;
    for user in world.users.values_mut() {
        age += SignedDuration::from_hours(24 * 7);
        user.created_at = long_ago + age;
        user.updated_at = user.created_at;
    }
    for group in world.groups.values_mut() {
        group.created_at = long_ago;
        group.updated_at = long_ago;
    }
    for organization in world.organizations.values_mut() {
        organization.created_at = long_ago;
        organization.updated_at = long_ago;
    }
}

/// Adds an agent.
fn plant_agent(world: &mut World, name: &str, email: &str, role: &str) -> u64 {
    let id = world.add_user(name, Some(email));
    world.edit_user(id, |user| {
        role.clone_into(&mut user.role);
        user.verified = true;
    });
    id
}
