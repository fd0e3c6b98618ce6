//! What a member looked at last and keeps at hand.

use regulars_customers::ops::{UNGUARDED, customers, marks};
use regulars_kernel::{
    Error, Role,
    ids::{CustomerId, UserId},
};

use crate::{
    bulk_job::{HOME, crowd},
    find_api::member,
    harness::House,
};

#[tokio::test]
async fn each_member_has_their_own_and_only_the_last_and_the_living() {
    let house = House::new().await;
    let made = crowd(&house, 30).await;
    let ids: Vec<CustomerId> = made.iter().map(|id| id.parse().unwrap()).collect();
    let (database, scope) = (house.app.test_database(), house.app.organization(HOME).await);
    let (ada, ida) = (
        member(database, scope, Role::Viewer).await.user.unwrap().id,
        member(database, scope, Role::Viewer).await.user.unwrap().id,
    );
    let recent = async |user: UserId| -> Vec<CustomerId> {
        let mut tx = database.begin(scope).await;
        let all = marks::recent(&mut tx, user, 100).await.unwrap();
        all.iter().map(|customer| customer.id).collect()
    };
    let kept = async |user: UserId| -> Vec<CustomerId> {
        let mut tx = database.begin(scope).await;
        let all = marks::favourites(&mut tx, user, 100).await.unwrap();
        all.iter().map(|customer| customer.id).collect()
    };
    let favour = async |id: CustomerId, wanted: bool| {
        let mut tx = database.begin(scope).await;
        marks::favour(&mut tx, ada, id, wanted).await?;
        tx.commit().await
    };

    for id in [&ids[0]].into_iter().chain(&ids).chain([&ids[20]]) {
        let mut tx = database.begin(scope).await;
        marks::see(&mut tx, ada, *id).await.unwrap();
        tx.commit().await.unwrap();
    }
    let seen = recent(ada).await;
    assert_eq!(seen.len(), 20);
    assert_eq!((seen[0], seen[1]), (ids[20], ids[29]));
    assert_eq!(seen[19], ids[10]);
    assert!(recent(ida).await.is_empty());

    // Twice is once; a visit does not change it, and too many visits do not either.
    favour(ids[5], true).await.unwrap();
    favour(ids[5], true).await.unwrap();
    favour(ids[20], true).await.unwrap();
    assert_eq!(kept(ada).await.len(), 2);
    assert!(kept(ida).await.is_empty());
    favour(ids[20], false).await.unwrap();
    favour(ids[20], false).await.unwrap();
    assert_eq!(kept(ada).await, [ids[5]]);
    assert_eq!(recent(ada).await[0], ids[20]);
    favour(ids[5], false).await.unwrap();
    assert!(kept(ada).await.is_empty());

    // The deleted are not shown, and nobody new among them is kept.
    favour(ids[29], true).await.unwrap();
    let mut tx = database.begin(scope).await;
    customers::delete(&mut tx, ids[29], UNGUARDED).await.unwrap();
    tx.commit().await.unwrap();
    assert!(kept(ada).await.is_empty());
    assert_eq!(recent(ada).await[1], ids[28]);
    assert!(matches!(favour(ids[29], true).await, Err(Error::NotFound(_))));
    // Whoever comes back is in favour still.
    let mut tx = database.begin(scope).await;
    customers::restore(&mut tx, ids[29]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(kept(ada).await, [ids[29]]);
}

#[tokio::test]
async fn nobody_keeps_more_than_there_is_room_for() {
    let house = House::new().await;
    let ids = crowd(&house, 51).await;
    let scope = house.app.organization(HOME).await;
    let ada = member(house.app.test_database(), scope, Role::Viewer)
        .await
        .user
        .unwrap()
        .id;
    let mut tx = house.app.tx(HOME).await;
    for id in &ids[..50] {
        marks::favour(&mut tx, ada, id.parse().unwrap(), true)
            .await
            .unwrap();
    }
    let last = ids[50].parse().unwrap();
    assert!(matches!(
        marks::favour(&mut tx, ada, last, true).await,
        Err(Error::Conflict(_))
    ));
    marks::favour(&mut tx, ada, ids[7].parse().unwrap(), false)
        .await
        .unwrap();
    marks::favour(&mut tx, ada, last, true).await.unwrap();
}
