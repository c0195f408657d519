//! What waits for the ledger's writer is served in turn.

use concord::audit::fair_queue::{FairQueue, OF_ONE, QueueFullError};

#[tokio::test]
async fn a_quiet_agency_is_served_before_the_rest_of_a_backlog() {
    let queue = FairQueue::new();
    for number in 0..OF_ONE {
        queue.push("busy", number).unwrap();
    }
    assert_eq!(queue.push("busy", 0), Err(QueueFullError::OfOne));
    queue.push("quiet", 7).unwrap();
    assert_eq!(queue.take(3, |_| 1).await, [0, 7, 1]);
    assert_eq!(queue.take(1, |_| 1).await, [2]);
}

#[tokio::test]
async fn what_waits_is_still_taken_after_the_end() {
    let queue = FairQueue::new();
    queue.push("one", 1).unwrap();
    queue.close();
    assert_eq!(queue.take(8, |_| 1).await, [1]);
    assert!(queue.take(8, |_| 1).await.is_empty());
}

#[tokio::test]
async fn a_batch_is_bounded_by_what_it_weighs() {
    let queue = FairQueue::new();
    for rows in [100, 200, 1] {
        queue.push("one", rows).unwrap();
    }
    assert_eq!(queue.take(256, |rows| *rows).await, [100, 200]);
}
