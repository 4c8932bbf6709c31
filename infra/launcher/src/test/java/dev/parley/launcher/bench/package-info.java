@NullMarked
package dev.parley.launcher.bench;

import org.jspecify.annotations.NullMarked;
