//! The list of all behaviours, and the macro that makes tests of them.

/// Makes one test of each behaviour; the argument is a future of a fresh [`Fixture`](crate::Fixture).
#[macro_export]
macro_rules! suite {
    ($fixture:expr) => {
        async fn fresh_fixture() -> $crate::Fixture {
            $fixture.await
        }

        $crate::tests! {
            check:
            instruments {
                keeps_what_was_said
                keeps_every_class
                an_unknown_instrument_is_not_found
                symbols_are_found_in_any_case_on_every_exchange
                symbol_and_exchange_are_unique
                spellings_are_exact_and_unique_per_provider
                only_a_difference_moves_updated_at
                a_colliding_update_changes_nothing
                ids_are_never_used_again
                an_instrument_with_bars_is_not_forgotten
                an_instrument_without_bars_is_forgotten
                erasing_takes_everything_of_one_instrument
                what_is_forgotten_can_be_named_anew
            }
            instrument_lists {
                filters_narrow_together
                search_finds_symbols_and_names_in_any_case
                wildcards_in_a_search_are_letters
                orders_are_total_and_turn_round
                pages_lose_and_repeat_none
                an_empty_list_is_its_last_page
            }
            catalogue {
                a_line_says_what_a_series_is
                every_basis_is_kept
                the_last_stamp_gives_what_is_there_now
                series_are_listed_by_instrument_and_interval
                an_open_discrepancy_is_told_of_its_series_alone
                a_symbol_leads_to_its_instruments_and_their_series
                verification_looks_at_everything
            }
            merging {
                keeps_what_was_inserted
                keeps_every_field
                merging_twice_changes_nothing
                an_equal_bar_keeps_the_text_it_has
                every_decimal_survives_digit_for_digit
                volumes_and_counts_survive_digit_for_digit
                keeps_instants_of_any_year
                unstated_fields_are_neither_compared_nor_erased
                float32_neighbours_are_equal_where_the_batch_says_so
                a_newly_stated_field_restates
                the_last_of_several_wins
                versions_grow_by_one_with_each_change
                an_empty_batch_changes_nothing
                series_are_kept_apart
                a_large_batch_is_one_change
                an_unknown_instrument_is_refused
                another_basis_is_refused
                another_grid_is_refused
                a_restated_bar_leaves_its_neighbours_alone
            }
            quarantine {
                bad_rows_are_kept_and_never_stop_good_ones
                a_bad_row_is_kept_once_however_often_it_comes
                quarantine_is_read_by_series_and_in_pages
            }
            revisions {
                restating_moves_the_old_values_to_the_revisions
                periods_of_belief_chain_without_a_hole
                stamps_grow_when_the_clock_does_not
                going_back_to_an_old_value_is_a_change
                revisions_are_read_by_range_and_in_pages
                every_version_has_one_line_in_the_journal
                the_journal_is_read_in_pages
            }
            removal {
                removed_bars_are_seen_as_of_earlier
                a_removed_bar_can_come_again
                removing_nothing_changes_nothing
                an_emptied_series_stays_in_the_catalogue
                removing_from_an_unknown_instrument_is_refused
            }
            precedence {
                a_higher_source_confirms_and_takes_the_provenance
                only_a_first_confirmation_from_above_changes_anything
                a_higher_source_overrides
                unlisted_sources_override_each_other
                a_lower_source_leaves_a_discrepancy
                a_discrepancy_is_kept_once_per_bar_source_and_value
                a_discrepancy_is_closed_when_both_agree
                a_discrepancy_is_closed_when_the_kept_bar_comes_round
                a_discrepancy_is_closed_when_its_value_is_kept_after_a_removal
                a_closed_discrepancy_opens_again
            }
            withdrawal {
                a_bar_that_an_answer_no_longer_has_stays
                only_bars_of_that_source_inside_the_answer_are_withdrawn
                a_withdrawal_is_closed_when_the_bar_comes_back
                discrepancies_are_read_by_range
            }
            provisional {
                unfinished_bars_are_kept_apart
                a_series_may_begin_with_an_unfinished_bar
                the_newest_replaces_the_former
                a_final_bar_takes_the_place_of_an_unfinished_one
                an_unfinished_bar_is_made_final_with_the_same_values
                an_unfinished_bar_never_hides_a_final_one
                one_batch_may_hold_both
                removal_takes_unfinished_bars_without_a_trace
                unfinished_bars_have_no_history
            }
            reading {
                ranges_are_half_open
                a_chunk_says_whether_more_follow
                a_series_that_does_not_exist_is_empty
                pages_between_writes_are_one_state
                pages_beside_a_writer_are_one_state
            }
            as_of {
                before_anything_was_written_there_is_nothing
                a_past_state_is_what_a_reader_saw_then
                between_two_stamps_the_earlier_state_holds
                past_states_are_read_in_ranges_and_chunks_too
                the_last_bar_before_each_instant_is_that_of_the_past_state
                a_past_instant_gives_the_same_each_time_beside_a_writer
            }
            random_histories {
                catalogue_and_bars_stay_in_step
                every_past_state_can_be_read_again
                revisions_tell_every_past_state
                any_batching_gives_the_same_values
            }
            coverage {
                bars_alone_cover_nothing
                an_answer_covers_what_was_asked
                an_empty_answer_covers_a_series_without_bars
                ranges_of_one_time_are_joined
                a_later_answer_takes_over_where_it_overlaps
                the_same_answer_later_moves_only_its_time
                random_answers_cover_each_day_once
            }
            corporate_actions {
                keeps_actions_by_ex_date
                a_split_and_a_dividend_may_share_a_date
                the_same_actions_again_change_nothing
                the_last_of_several_wins
                a_restated_action_is_seen_as_of_earlier
                stamps_grow_when_the_clock_does_not
                a_change_renews_every_series_with_one_stamp
                a_removed_action_is_seen_as_of_earlier
                a_removed_action_can_come_again
                precedence_holds_for_actions_too
                completeness_is_remembered
                an_unknown_instrument_is_refused
            }
            runs {
                a_new_run_waits
                a_run_begins_and_ends
                a_run_ends_only_once
                a_run_can_be_cancelled_before_it_ends
                an_unknown_run_is_not_found
                a_run_needs_its_instrument
                counts_and_reach_grow_with_each_merge
                a_merge_that_fails_leaves_its_run_untouched
                a_run_whose_process_died_is_an_orphan
                an_orphan_begins_again_with_what_it_had
                a_merge_renews_the_lease
                runs_are_listed_newest_first
            }
            run_leases {
                a_run_at_work_is_held_until_its_lease_runs_out
                runs_of_one_series_from_one_source_take_turns
                files_hold_nobody_up
                a_sign_of_life_renews_the_lease
                a_run_that_is_handed_back_waits_again
                an_attempt_that_was_overtaken_changes_nothing
                of_several_that_begin_at_once_one_wins
            }
            run_requests {
                requested_runs_wait_in_their_order
                what_waits_or_is_at_work_is_given_again
                a_file_answers_no_request
                a_key_gives_its_runs_again
                a_key_remembers_what_was_there_before_it
                a_key_cannot_be_used_for_something_else
                a_request_is_recorded_as_a_whole_or_not_at_all
                a_request_for_nothing_gives_nothing
                a_key_is_forgotten_with_its_runs
                requests_at_once_are_given_one_set_of_runs
            }
            transfer {
                everything_is_copied_out_digit_for_digit
                everything_is_copied_in_digit_for_digit
                pages_of_any_size_give_the_same_records
                the_same_records_again_change_nothing
                an_interrupted_copy_goes_on
                numbers_given_afterwards_are_fresh
                a_merge_after_a_copy_goes_on_where_the_source_was
                other_content_is_refused_and_left_alone
                records_without_their_owner_are_refused_as_a_whole
                what_only_one_may_have_is_refused
                a_write_that_is_dropped_leaves_all_or_nothing
                many_records_are_written_also_where_some_are_there
                text_that_only_some_stores_can_keep_is_copied
            }
            concurrency {
                writers_of_one_series_serialise
                writers_of_different_series_do_not_disturb_each_other
                a_run_counts_merges_that_come_at_once
                only_one_of_several_creates_an_instrument
                actions_and_bars_serialise
            }
            cancellation {
                a_merge_that_is_dropped_leaves_all_or_nothing
                a_task_that_is_aborted_leaves_all_or_nothing
            }
        }
        $crate::tests! {
            check_alone:
            memory {
                a_million_bars_are_read_in_little_memory
            }
        }
    };
}

/// The tests of some themes; [`suite!`](crate::suite) is what adapters call.
#[doc(hidden)]
#[macro_export]
macro_rules! tests {
    ($check:ident: $($theme:ident { $($behaviour:ident)* })*) => {
        $(
            mod $theme {
                $(
                    #[::tokio::test(flavor = "multi_thread")]
                    async fn $behaviour() {
                        $crate::$check(super::fresh_fixture().await, $crate::$theme::$behaviour).await;
                    }
                )*
            }
        )*
    };
}
