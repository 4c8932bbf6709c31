package dev.parley.topologies.indexing;

import java.util.ArrayList;
import java.util.List;

/** Text that has no structure but its blank lines: the paragraphs of prose, the declarations of a program. */
final class PlainBlocks {

    private PlainBlocks() {}

    /** What stands between blank lines, in order. */
    static List<Block> of(String text, Block.Form form) {
        List<Block> blocks = new ArrayList<>();
        StringBuilder block = new StringBuilder();
        for (String line : text.split("\n", -1)) {
            if (!line.isBlank()) {
                block.append(block.isEmpty() ? "" : "\n").append(line.stripTrailing());
            } else if (!block.isEmpty()) {
                blocks.add(new Block("", block.toString(), form));
                block.setLength(0);
            }
        }
        if (!block.isEmpty()) {
            blocks.add(new Block("", block.toString(), form));
        }
        return blocks;
    }
}
