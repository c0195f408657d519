//! An attacker who knows the rules, and all that is published, goes through every table there can be and keeps those of which
//! the same would be published: a small cell that is hidden can still be anything from 0 to 4, and no other hidden cell is known.

use std::collections::{BTreeMap, BTreeSet};

use concord::statistics::rules::{SMALLEST, hidden_needs, hidden_parts};

/// A breakdown: its total and the counts of its cells.
type Breakdown = (u32, Vec<u32>);

/// What is published of one: the total, and each cell, where they are.
type Published = (Option<u32>, Vec<Option<u32>>);

fn published(breakdown: &Breakdown, hidden: &[bool]) -> Published {
    let (total, counts) = breakdown;
    let cells = counts.iter().zip(hidden);
    (
        (*total >= SMALLEST).then_some(*total),
        cells
            .map(|(count, hidden)| (!hidden).then_some(*count))
            .collect(),
    )
}

/// The first breakdown of which what is published gives something away, if there is one.
fn given_away(
    all: &[Breakdown],
    hide: impl Fn(&Breakdown) -> Vec<bool>,
) -> Option<(Breakdown, Published)> {
    // What each cell can be, to whoever sees this.
    let mut possible: BTreeMap<Published, Vec<BTreeSet<u32>>> = BTreeMap::new();
    for breakdown in all {
        let seen = published(breakdown, &hide(breakdown));
        let cells = possible
            .entry(seen)
            .or_insert_with(|| vec![BTreeSet::new(); breakdown.1.len()]);
        for (values, count) in cells.iter_mut().zip(&breakdown.1) {
            values.insert(*count);
        }
    }
    let small: BTreeSet<u32> = (0..SMALLEST).collect();
    let gives_away = |breakdown: &&Breakdown| {
        let seen = published(breakdown, &hide(breakdown));
        let cells = possible[&seen].iter().zip(&breakdown.1).zip(&seen.1);
        let mut hidden = cells.filter(|(_, shown)| shown.is_none());
        let shows_small = seen.1.iter().flatten().any(|count| *count < SMALLEST);
        shows_small
            || hidden.any(|((values, count), _)| {
                if *count < SMALLEST {
                    !small.is_subset(values)
                } else {
                    values.len() < 2
                }
            })
    };
    let found = all.iter().find(gives_away)?;
    Some((found.clone(), published(found, &hide(found))))
}

/// Every list of so many numbers up to `most`.
fn lists(length: usize, most: u32) -> Vec<Vec<u32>> {
    let mut lists = vec![Vec::new()];
    for _ in 0..length {
        let longer = |list: &Vec<u32>| {
            (0..=most)
                .map(|next| [list.as_slice(), &[next]].concat())
                .collect::<Vec<_>>()
        };
        lists = lists.iter().flat_map(longer).collect();
    }
    lists
}

/// Every breakdown whose cells add up to its total.
fn parts(cells: usize, most: u32) -> Vec<Breakdown> {
    let all = lists(cells, most).into_iter();
    all.map(|counts| (counts.iter().sum(), counts))
        .filter(|(total, _)| *total <= most)
        .collect()
}

/// Every breakdown whose cells overlap: nothing is in none of them.
fn overlapping(cells: usize, most: u32) -> Vec<Breakdown> {
    let totals = 0..=most;
    totals
        .flat_map(|total| {
            let all = lists(cells, total).into_iter();
            let possible = all.filter(move |counts| counts.iter().sum::<u32>() >= total);
            possible.map(move |counts| (total, counts))
        })
        .collect()
}

fn by_rule(breakdown: &Breakdown) -> Vec<bool> {
    hidden_parts(&breakdown.1)
}

fn small_ones(breakdown: &Breakdown) -> Vec<bool> {
    breakdown.1.iter().map(|count| *count < SMALLEST).collect()
}

#[test]
fn of_cells_that_add_up_no_small_one_is_given_away() {
    for (cells, most) in [(1, 40), (2, 40), (3, 26), (4, 22), (5, 17)] {
        assert_eq!(given_away(&parts(cells, most), by_rule), None, "{cells}");
    }
}

#[test]
fn of_needs_that_overlap_no_small_one_is_given_away() {
    let by_rule = |breakdown: &Breakdown| hidden_needs(&breakdown.1, breakdown.0);
    for (cells, most) in [(2, 30), (3, 15), (4, 12)] {
        let all = overlapping(cells, most);
        assert_eq!(given_away(&all, by_rule), None, "{cells}");
    }
}

#[test]
fn a_rule_that_hides_small_cells_alone_is_found_out() {
    let (breakdown, seen) = given_away(&parts(3, 20), small_ones).unwrap();
    // Where nothing but what is hidden is missing from the total.
    assert_eq!(breakdown, (5, vec![0, 0, 5]));
    assert_eq!(seen, (Some(5), vec![None, None, Some(5)]));
    let all = overlapping(3, 12);
    assert!(given_away(&all, small_ones).is_some());
}

#[test]
fn a_rule_that_hides_the_next_smallest_cell_is_found_out() {
    // As is often done: which cell was the smallest tells how small the others are.
    let next_smallest = |breakdown: &Breakdown| {
        let mut hidden = small_ones(breakdown);
        let others = breakdown.1.iter().enumerate();
        let next = others
            .filter(|(_, count)| **count >= SMALLEST)
            .min_by_key(|(_, count)| **count);
        if let Some((place, _)) = next.filter(|_| hidden.contains(&true)) {
            hidden[place] = true;
        }
        hidden
    };
    assert!(given_away(&parts(3, 20), next_smallest).is_some());
}

#[test]
fn a_rule_that_hides_too_few_together_is_found_out() {
    // One other cell, whatever is in it: together they can have too few for a small one to have any.
    let one_more = |breakdown: &Breakdown| {
        let mut hidden = small_ones(breakdown);
        if hidden.contains(&true)
            && let Some(first) = hidden.iter_mut().find(|hidden| !**hidden)
        {
            *first = true;
        }
        hidden
    };
    assert!(given_away(&parts(3, 20), one_more).is_some());
}
