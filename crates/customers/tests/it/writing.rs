//! Notes as they are written: drafts, and what is one version of them.

use regulars_customers::{
    model::{Note, NoteInput},
    ops::{
        UNGUARDED, customers,
        drafts::{self, Draft},
        mentions, notes,
    },
};
use regulars_database::Scope;
use regulars_kernel::{
    Actor, PageRequest, Patch, Role,
    ids::{CustomerId, NoteId, UserId},
    paging::Start,
};
use serde_json::json;

use crate::{
    find_api::member,
    harness::{House, id},
};

fn saying(body: &str) -> NoteInput {
    NoteInput {
        body: Patch::Set(body.to_owned()),
        ..NoteInput::default()
    }
}

/// A house with a customer, and two members of it.
struct Desk {
    house: House,
    customer: CustomerId,
    scope: Scope,
    people: [UserId; 2],
}

impl Desk {
    async fn new() -> Self {
        let house = House::new().await;
        let customer = id(&house.customer(json!({"first_name": "Ada"})).await)
            .parse()
            .unwrap();
        let scope = house.app.organization("acme").await;
        let mut people = Vec::new();
        for _ in 0..2 {
            let caller = member(house.app.test_database(), scope, Role::Agent).await;
            people.push(caller.user.unwrap().id);
        }
        Self {
            house,
            customer,
            scope,
            people: people.try_into().unwrap(),
        }
    }

    async fn tx(&self, who: usize) -> regulars_database::Tx {
        let scope = Scope {
            actor: Actor::User(self.people[who]),
            ..self.scope
        };
        self.house.app.test_database().begin(scope).await
    }

    async fn says(&self, who: usize, body: &str) -> Note {
        let mut tx = self.tx(who).await;
        let note = notes::say(&mut tx, self.people[who], self.customer, &saying(body))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        note
    }

    async fn revises(&self, who: usize, note: NoteId, body: &str) {
        let mut tx = self.tx(who).await;
        notes::revise(&mut tx, self.customer, note, &saying(body), UNGUARDED)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// What the note said before, the latest first.
    async fn history(&self, note: NoteId) -> Vec<String> {
        let mut tx = self.tx(0).await;
        let page = PageRequest {
            limit: 50,
            start: Start::First,
        };
        let versions = notes::versions(&mut tx, self.customer, note, &page)
            .await
            .unwrap();
        versions.data.into_iter().map(|version| version.body).collect()
    }

    async fn minutes_pass(&self, minutes: i32) {
        sqlx::query("UPDATE notes SET sitting_at = sitting_at - make_interval(mins => $1), created_at = created_at - make_interval(mins => $1)")
            .bind(minutes)
            .execute(self.house.app.test_database().owner())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn what_one_person_changes_in_a_sitting_is_one_version() {
    let desk = Desk::new().await;
    let note = desk.says(0, "Calls").await.id;
    for body in ["Calls on", "Calls on Mon", "Calls on Mondays"] {
        desk.revises(0, note, body).await;
    }
    assert_eq!(desk.history(note).await, ["Calls"]);
    // Pinning ends no sitting; time does.
    let mut tx = desk.tx(0).await;
    let pin = NoteInput {
        pinned: Patch::Set(true),
        ..NoteInput::default()
    };
    notes::update(&mut tx, desk.customer, note, &pin, UNGUARDED)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    desk.revises(0, note, "Calls on Mondays.").await;
    assert_eq!(desk.history(note).await, ["Calls"]);
    desk.minutes_pass(11).await;
    desk.revises(0, note, "Calls on Tuesdays.").await;
    desk.revises(0, note, "Calls on Tuesdays, early.").await;
    assert_eq!(desk.history(note).await, ["Calls on Mondays.", "Calls"]);
    let path = format!("/customers/{}", desk.customer);
    let kinds = desk.house.kinds(&path).await;
    let told = kinds.iter().filter(|kind| *kind == "note.updated").count();
    assert_eq!(told, 2, "each sitting is told once: {kinds:?}");
}

#[tokio::test]
async fn two_who_take_turns_have_a_version_each() {
    let desk = Desk::new().await;
    let note = desk.says(0, "First").await.id;
    for (who, body) in [(0, "Mine"), (1, "Yours"), (0, "Mine again"), (1, "Yours again")] {
        desk.revises(who, note, body).await;
    }
    assert_eq!(desk.history(note).await, ["Mine again", "Yours", "Mine", "First"]);
    // A change by a program ends a sitting too, and is one of its own.
    let path = format!("/customers/{}/notes/{note}", desk.customer);
    desk.house
        .patch(&path, json!({"body": "By a program"}))
        .await
        .expect(200);
    desk.revises(1, note, "Yours at last").await;
    assert_eq!(desk.history(note).await[..2], ["By a program", "Yours again"]);
}

#[tokio::test]
async fn a_draft_is_ones_own_and_is_said_once() {
    let desk = Desk::new().await;
    let draft = Draft::Note(desk.customer);
    let mut tx = desk.tx(0).await;
    drafts::keep(&mut tx, desk.people[0], draft, &json!({"body": "Half a"}))
        .await
        .unwrap();
    assert!(
        drafts::get(&mut tx, desk.people[1], draft)
            .await
            .unwrap()
            .is_none()
    );
    tx.commit().await.unwrap();
    let first = desk.says(0, "Half a thought").await.id;
    let again = desk.says(0, "Half a thought").await.id;
    assert_eq!(first, again, "a form sent twice is said once");
    assert_ne!(first, desk.says(1, "Half a thought").await.id);
    let mut tx = desk.tx(0).await;
    assert!(
        drafts::get(&mut tx, desk.people[0], draft)
            .await
            .unwrap()
            .is_none()
    );
    drop(tx);
    // Later the same words are meant anew.
    desk.minutes_pass(2).await;
    assert_ne!(first, desk.says(0, "Half a thought").await.id);
}

#[tokio::test]
async fn a_member_sees_where_they_are_mentioned_until_they_saw_it() {
    let desk = Desk::new().await;
    let [ada, ida] = desk.people;
    let unread = async |user| {
        let mut tx = desk.tx(0).await;
        let count = mentions::unread(&mut tx, user).await.unwrap();
        let (all, _) = mentions::list(&mut tx, user, None, 50).await.unwrap();
        (count, all.len())
    };
    let note = desk
        .says(0, &format!("Ask @[Ida](user:{ida}) or @[Ada](user:{ada})"))
        .await
        .id;
    assert_eq!(unread(ida).await, (1, 1));
    assert_eq!(unread(ada).await, (0, 0), "nobody is told of themselves");

    // Seen is seen, whatever is written on; gone from the note is gone from the page.
    let mut tx = desk.tx(1).await;
    let seen = mentions::unread_of(&mut tx, ida, desk.customer).await.unwrap();
    mentions::see(&mut tx, ida, &seen).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(unread(ida).await, (0, 1));
    desk.revises(0, note, &format!("Do ask @[Ida](user:{ida})")).await;
    assert_eq!(unread(ida).await, (0, 1));
    desk.revises(0, note, "Never mind").await;
    assert_eq!(unread(ida).await, (0, 0));
    desk.revises(0, note, &format!("@[Ida](user:{ida}) after all"))
        .await;
    assert_eq!(unread(ida).await, (1, 1));

    // The deleted say nothing; brought back they do again; a note that is deleted does not.
    let mut tx = desk.tx(0).await;
    customers::delete(&mut tx, desk.customer, UNGUARDED)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(unread(ida).await, (0, 0));
    let mut tx = desk.tx(0).await;
    customers::restore(&mut tx, desk.customer).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(unread(ida).await, (1, 1));
    let mut tx = desk.tx(0).await;
    notes::delete(&mut tx, desk.customer, note, UNGUARDED)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(unread(ida).await, (0, 0));
}

#[tokio::test]
async fn only_members_are_mentioned_and_who_left_stays_in_what_was_written() {
    let desk = Desk::new().await;
    let path = format!("/customers/{}/notes", desk.customer);
    let other = desk.house.app.organization("other").await;
    let stranger = member(desk.house.app.test_database(), other, Role::Agent)
        .await
        .user
        .unwrap()
        .id;
    let body = json!({ "body": format!("@[Eve](user:{stranger})") });
    let answer = desk.house.post(&path, body).await.expect(422);
    assert_eq!(crate::harness::places(&answer), ["/body"]);

    let note = desk
        .says(0, &format!("@[Ida](user:{}) knows", desk.people[1]))
        .await
        .id;
    sqlx::query("UPDATE memberships SET ended_at = now() WHERE user_id = $1")
        .bind(desk.people[1])
        .execute(desk.house.app.test_database().owner())
        .await
        .unwrap();
    let text = "@Ida knew";
    let mut tx = desk.tx(0).await;
    let before = notes::get(&mut tx, desk.customer, note).await.unwrap().body;
    assert_eq!(mentions::shown(&mut tx, &before).await.unwrap(), "@Ida knows");
    let body = mentions::stored(&mut tx, text, &before).await.unwrap();
    drop(tx);
    desk.revises(0, note, &body).await;
    let said = desk.house.get(&format!("{path}/{note}")).await.expect(200).json;
    assert_eq!(said["body"], format!("@[Ida](user:{}) knew", desk.people[1]));
    let mut tx = desk.tx(0).await;
    let offered = mentions::offers(&mut tx, "").await.unwrap();
    assert!(offered.iter().all(|(id, _)| *id != desk.people[1]));
}
