DROP TABLE corporate_action_sources;
DROP TABLE corporate_action_revisions;
DROP TABLE corporate_actions;
