/** The configuration file is read, refused and written as docs/configuration.md says, and put in force on a real broker. */
@NullMarked
package dev.parley.config;

import org.jspecify.annotations.NullMarked;
