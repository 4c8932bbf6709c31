/** The configuration file is read, refused and written as docs/configuration.md says, and put in force on a real broker. */
@NullMarked
package dev.parley.launcher.configuration;

import org.jspecify.annotations.NullMarked;
