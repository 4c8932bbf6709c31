/** The configuration of routes and engines that all nodes share: what it is called, and how it is read from its topic. */
@NullMarked
package dev.parley.schemas.routes;

import org.jspecify.annotations.NullMarked;
