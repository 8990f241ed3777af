/**
 * The tables of the SQLite store, as a list of steps. A database says in `user_version` how many it
 * has seen. Steps that were released are never changed; a change is a new step at the end.
 */

/** Step n brings a database from version n to n + 1. */
export const migrations: readonly string[] = [
  `CREATE TABLE worker (
     id INTEGER PRIMARY KEY,
     name TEXT NOT NULL UNIQUE,
     description TEXT NOT NULL,
     runner_id INTEGER NOT NULL,
     runner_settings BLOB NOT NULL,
     retry_policy TEXT,
     periodic_interval INTEGER NOT NULL,
     channel TEXT,
     queue_type INTEGER NOT NULL,
     response_type INTEGER NOT NULL,
     store_success INTEGER NOT NULL,
     store_failure INTEGER NOT NULL,
     use_static INTEGER NOT NULL,
     broadcast_results INTEGER NOT NULL,
     created_at INTEGER NOT NULL,
     updated_at INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE job_result (
     id INTEGER PRIMARY KEY,
     job_id INTEGER NOT NULL,
     worker_id INTEGER NOT NULL,
     worker_name TEXT NOT NULL,
     args BLOB NOT NULL,
     uniq_key TEXT,
     status INTEGER NOT NULL,
     output BLOB,
     retried INTEGER NOT NULL,
     max_retry INTEGER NOT NULL,
     priority INTEGER NOT NULL,
     timeout INTEGER NOT NULL,
     streaming_type INTEGER NOT NULL,
     enqueue_time INTEGER NOT NULL,
     run_after_time INTEGER NOT NULL,
     start_time INTEGER NOT NULL,
     end_time INTEGER NOT NULL,
     response_type INTEGER NOT NULL,
     store_success INTEGER NOT NULL,
     store_failure INTEGER NOT NULL,
     method TEXT,
     broadcast_results INTEGER NOT NULL,
     retry_policy TEXT,
     metadata TEXT NOT NULL
   ) STRICT;
   CREATE INDEX job_result_by_job ON job_result (job_id, end_time);
   CREATE INDEX job_result_by_end ON job_result (end_time);`,
  // `state`: see JobState in sqlite-jobs.ts. Indexes are partial, so that the hot path touches few of them.
  `CREATE TABLE job (
     id INTEGER PRIMARY KEY,
     state INTEGER NOT NULL,
     worker_id INTEGER NOT NULL,
     worker_name TEXT NOT NULL,
     channel TEXT NOT NULL,
     args BLOB NOT NULL,
     metadata TEXT NOT NULL,
     using_method TEXT,
     method TEXT NOT NULL,
     uniq_key TEXT,
     priority INTEGER NOT NULL,
     timeout INTEGER NOT NULL,
     enqueue_time INTEGER NOT NULL,
     run_after_time INTEGER NOT NULL,
     attempt INTEGER NOT NULL,
     interruptions INTEGER NOT NULL,
     period INTEGER NOT NULL,
     phase INTEGER NOT NULL,
     queue_type INTEGER NOT NULL,
     streaming_type INTEGER NOT NULL,
     response_type INTEGER NOT NULL,
     store_success INTEGER NOT NULL,
     store_failure INTEGER NOT NULL,
     broadcast_results INTEGER NOT NULL,
     retry_policy TEXT,
     overrides TEXT,
     updated_at INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX job_ready ON job (channel, worker_id, priority DESC, run_after_time, id) WHERE state = 1;
   CREATE INDEX job_due ON job (run_after_time) WHERE state = 0;
   CREATE INDEX job_stale ON job (updated_at) WHERE state = 4;
   CREATE UNIQUE INDEX job_uniq_key ON job (uniq_key) WHERE uniq_key IS NOT NULL AND state <> 4;
   CREATE INDEX job_result_by_worker ON job_result (worker_id, end_time);`,
  // `targets`: JSON, see StoredTarget in sqlite-function-sets.ts.
  `ALTER TABLE worker ADD COLUMN temporary INTEGER NOT NULL DEFAULT 0;
   CREATE TABLE function_set (
     id INTEGER PRIMARY KEY,
     name TEXT NOT NULL UNIQUE,
     description TEXT NOT NULL,
     category INTEGER NOT NULL,
     targets TEXT NOT NULL
   ) STRICT;`,
  // Who submitted a job marks its log lines, after a restart too.
  'ALTER TABLE job ADD COLUMN caller TEXT;',
];
