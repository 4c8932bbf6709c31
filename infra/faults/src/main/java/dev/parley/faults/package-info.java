/**
 * Faults: what Parley promises, tried on a whole installation of separate processes with real signals, a real broker that
 * dies and a real Postgres that goes away.
 *
 * <pre>
 *   FaultsCommand ──▶ FaultsRun ──▶ Cluster (broker, Postgres, registry, roles: processes)
 *                        │      └─▶ Trial (one scenario under one seed: users, followers, the scripted model)
 *                        └─▶ History (what clients, log and tables say) ──▶ Checker ──▶ violations
 * </pre>
 *
 * The checker shares no code with what it checks but the contracts of the topics: it reads the log with a plain consumer, the
 * tables with plain SQL, and the frames as the clients got them.
 */
@NullMarked
package dev.parley.faults;

import org.jspecify.annotations.NullMarked;
