@NullMarked
package dev.parley.ingest.files;

import org.jspecify.annotations.NullMarked;
