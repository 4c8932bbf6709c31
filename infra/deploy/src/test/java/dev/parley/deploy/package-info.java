@NullMarked
package dev.parley.deploy;

import org.jspecify.annotations.NullMarked;
