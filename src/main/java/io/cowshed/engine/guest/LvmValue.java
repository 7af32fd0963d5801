package io.cowshed.engine.guest;

import java.util.List;

/** A value of LVM2's text format. */
sealed interface LvmValue permits LvmSection, LvmValue.Text, LvmValue.Whole, LvmValue.Array {

    /** A quoted string. */
    record Text(String string) implements LvmValue {}

    /** A whole number. */
    record Whole(long value) implements LvmValue {}

    /** Strings and numbers. */
    record Array(List<LvmValue> values) implements LvmValue {}
}
