/**
 * What is given to those who install Parley: the archive, made of the build, and the tests of everything in {@code deploy}.
 *
 * <p>Knows the launcher, as what is packed; nothing that serves knows it.
 */
@NullMarked
package dev.parley.deploy;

import org.jspecify.annotations.NullMarked;
